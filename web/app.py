"""The Flask application of the hall: create_app(settings)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import get_flashed_messages, session
from flask_wtf.csrf import generate_csrf
from jinja2 import StrictUndefined
from werkzeug.local import LocalProxy

from engine.records import heartbeats
from engine.records import papers as paper_room
from engine.store import Database, connect
from web import assets, edge, formats, language, logs, measures, names, problems, progress, security, sentences, store
from web.loading import loading
from web.settings import BadSettings, Settings, read


def create_app(
    settings: Settings | None = None,
    *,
    database: Database | None = None,
    clock: Callable[[], datetime] | None = None,
    testing: bool = False,
) -> edge.Hall:
    """The application, with its database open. `clock` gives the moment of a request (aware UTC)."""
    settings = settings or read()
    app = edge.Hall(__name__, static_folder=None)
    app.testing = testing
    app.url_map.converters["int"] = edge.Id
    app.settings = settings
    paper_room.use(settings.content / "forms")
    from engine.matters import everyday

    try:
        everyday.read(settings.content)
    except ValueError as wrong:
        raise BadSettings(
            f"[一站] bpmn/{everyday.FILE} 读不懂，请先用 yizhan check 检查。"
            f" Cannot be read; run yizhan check first. {wrong}"
        ) from wrong
    app.database = database or connect(settings.database_url or None, files=settings.home / "files")
    app.clock = clock or heartbeats.Follower(app.database, socket.gethostname())
    app.database.clock = app.clock
    store.begin(app, app.database)
    logs.watch(app, proxied=settings.proxies > 0)
    security.begin(app, settings, lambda endpoint: edge.most_bytes(app, endpoint))
    language.begin(app)
    problems.begin(app)
    measures.begin(app)
    _templates(app)

    with loading():
        from web import api
        from web.pages import (
            absences,
            account,
            accounts,
            application,
            around,
            auditing,
            ballots,
            beginning,
            boards,
            bonds,
            booking,
            bulk,
            calendar,
            case,
            comparing,
            counter,
            county,
            curves,
            desk,
            drafting,
            entry,
            handovers,
            heads,
            heat,
            inbox,
            keeping,
            limits,
            loans,
            logins,
            many_looks,
            matches,
            mending,
            messages,
            monitoring,
            moving,
            offers,
            operations,
            overview,
            own_cases,
            own_data,
            own_name,
            own_number,
            papers,
            passkeys,
            permissions,
            playing,
            previewing,
            registers,
            releasing,
            resident,
            residents,
            rounds,
            schedules,
            second,
            services,
            simple_steps,
            sso,
            steps,
            studio,
            taking_part,
            teams,
            tickets,
            together,
            tracking,
        )

    modules = (
        assets,
        entry,
        second,
        sso,
        passkeys,
        account,
        logins,
        resident,
        application,
        own_cases,
        messages,
        own_data,
        own_name,
        own_number,
        tracking,
        papers,
        desk,
        inbox,
        case,
        steps,
        heads,
        counter,
        bulk,
        overview,
        limits,
        absences,
        operations,
        calendar,
        services,
        together,
        taking_part,
        mending,
        keeping,
        many_looks,
        studio,
        heat,
        drafting,
        playing,
        previewing,
        comparing,
        releasing,
        moving,
        simple_steps,
        beginning,
        booking,
        around,
        api,
        monitoring,
        accounts,
        auditing,
        county,
        registers,
        curves,
        offers,
        rounds,
        bonds,
        teams,
        permissions,
        residents,
        loans,
        matches,
        handovers,
        boards,
        tickets,
        schedules,
        ballots,
    )
    for pages in dict.fromkeys(module.pages for module in modules):  # some families share a blueprint
        app.register_blueprint(pages)
    edge.all_guarded(app)
    return app


def _templates(app: edge.Hall) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.filters.update(
        formats.filters,
        named=names.named,
        label=names.label,
        answer=names.answer,
        cited=names.cited,
        reason=names.reason,
        titled=names.titled,
        sought=names.sought,
        fault=problems.words,
        present=sentences.in_person,
        noted=sentences.noted,
    )
    app.jinja_env.globals.update(
        asset=assets.asset,
        assets_of=assets.assets_of,
        colour_words=formats.COLOUR_WORDS,
        settings=app.settings,
        left=lambda value: formats.left(value, edge.now(), app.database.calendar),
    )

    @app.context_processor
    def always() -> dict[str, Any]:
        return {
            "actor": edge.actor(),
            "must_first": edge.must_first(),
            "english": language.english(),
            "large": session.get("large") == 1,
            "csrf": LocalProxy(generate_csrf),
            "said": LocalProxy(lambda: get_flashed_messages(category_filter=["message"])),
            "refused": LocalProxy(lambda: get_flashed_messages(category_filter=[problems.REFUSED])),
            "now": edge.now(),
            "underway": LocalProxy(lambda: sentences.underway(progress.read(app.settings.home))),
        }
