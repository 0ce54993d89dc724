"""Getting a hall ready: tables, matters published from the content folder, a demo county when it is empty."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select

from engine import matters
from engine.commands.booking import due
from engine.errors import Refused
from engine.people import SYSTEM
from engine.proof import prove
from engine.records import library
from engine.store import Database, connect, migrate
from engine.store.models import MatterVersion, Unit
from web.settings import Settings

log = logging.getLogger("yizhan.start")


def prepare(settings: Settings, *, demo: bool = True, say: Callable[[str], None] = lambda text: None) -> None:
    """Everything a start needs; quick when nothing has changed."""
    database = connect(settings.database_url or None, files=settings.home / "files")
    try:
        if migrate.upgrade(database):
            say("数据库已建好。")
        changed, faults = publish(database, settings)
        if changed:
            say(f"已发布 {len(changed)} 个事项：{'、'.join(changed[:8])}{' 等' if len(changed) > 8 else ''}")
        for name, fault in faults.items():
            say(f"事项 {name} 未发布：{fault}")
        with database.unit_of_work() as work:
            due.ask_for_slots(work, now=datetime.now(UTC))
        if demo and empty(database):
            from web.demo import fill

            say("正在生成演示县的数据，约需十几秒 …")
            say(fill(database, now=datetime.now(UTC)))
    finally:
        database.close()


def empty(database: Database) -> bool:
    """Whether there is no county yet."""
    with database.reading() as work:
        return work.session.scalar(select(Unit.id).limit(1)) is None


def publish(database: Database, settings: Settings) -> tuple[list[str], dict[str, str]]:
    """Publish what the content folder holds and the hall has not; (names published, name -> why not)."""
    with database.reading() as work:
        known = {
            matter: version
            for matter, version in work.session.execute(
                select(MatterVersion.matter, MatterVersion.hash).where(MatterVersion.current)
            )
        }
    done: list[str] = []
    faults: dict[str, str] = {}
    for name in matters.names(settings.content):
        files = matters.read_files(settings.content, name)
        if known.get(name) == matters.version_of(files):
            continue
        try:
            verdict = prove(name, files)
            if not verdict.good:
                faults[name] = f"{len(verdict.reasons)} 处错误。{verdict.reasons[0].message_zh}"
                continue
            package = matters.read(name, files)
            if not package.info.published:
                continue
            with database.unit_of_work() as work:
                library.publish(work, package, by=SYSTEM, now=datetime.now(UTC), note="yizhan init")
            done.append(package.info.name)
        except Refused as error:
            faults[name] = error.zh
    return done, faults
