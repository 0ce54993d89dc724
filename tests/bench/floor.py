"""The floor under a completion: its own SQL, by SQLAlchemy Core, in an empty Flask POST behind the same server.

`python -m tests.bench.floor PLAN`: PLAN is a JSON file of {copy, requests: [[token, path, body]]}. The requests are
done in the copy of the hall, and each statement that they execute is kept with its values. Then the same statements are
served over a second copy: POST /<n> executes those of request n in one transaction, fetches what they return, commits
and answers. What is left out is all that the hall does beside its SQL.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event

from engine.store import Database, connect

Said = list[tuple[Any, Any]]


def recorded(database: Database, requests: list[tuple[str, str, dict[str, Any]]]) -> list[Said]:
    """The statements of each request, done here in the hall's own application."""
    from web import settings
    from web.app import create_app

    app = create_app(settings.read(), database=database)
    client, found = app.test_client(), []
    said: Said = []

    def execute(_connection: Any, statement: Any, many: Any, one: Any, _options: Any) -> None:
        said.append((statement, list(many) or dict(one)))

    event.listen(database.engine, "before_execute", execute)
    try:
        for token, path, body in requests:
            said.clear()
            answer = client.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
            if answer.status_code not in (200, 201):
                raise RuntimeError(f"{path}: {answer.status} {answer.text[:300]}")
            found.append(list(said))
    finally:
        event.remove(database.engine, "before_execute", execute)
    return found


def main(plan: Path) -> None:
    from flask import Flask, request

    from web import server

    read = json.loads(plan.read_text())
    copied = connect(f"sqlite:///{read['copy']}/hall.db", files=Path(read["copy"]) / "files")
    acts = recorded(copied, read["requests"])
    copied.close()
    database = connect()
    writing = database.engine.execution_options(yizhan_writes=True)
    app = Flask(__name__)

    @app.get("/up")
    def up() -> dict[str, int]:
        return {"acts": len(acts), "statements": len(acts[-1])}

    @app.post("/<int:n>")
    def act(n: int) -> dict[str, int]:
        request.get_json()
        with writing.begin() as connection:
            for statement, values in acts[n]:
                result = connection.execute(statement, values)
                if result.returns_rows:
                    result.fetchall()
        return {"done": n}

    server.serve(
        app,
        host="127.0.0.1",
        port=int(os.environ["YIZHAN_PORT"]),
        threads=8,
        proxies=0,
        largest=1_000_000,
        most=lambda _method, _path: 1_000_000,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
