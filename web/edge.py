"""The edge of the engine: one request, one unit of work, one actor, and a guard on every route.

    @pages.get("/desk")
    @guard("staff")
    def inbox(): ...

A view runs inside one transaction (`work()`): a reading one for GET, a writing one for the rest, committed when the
view returned and rolled back when it raised. Where PostgreSQL rolled it back only because another transaction was in
the way, the view is run again, in a new one. A route without a guard stops the program at start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeVar, cast

from flask import Flask, current_app, g, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Rule
from werkzeug.wrappers import Response

from engine.errors import FieldError, Invalid, NotYours
from engine.people import Actor, factors, login, sessions
from engine.plain import is_id
from engine.store import Database, Work, again
from web import store
from web.settings import MOST_FORM, MOST_JSON, Settings

Who = Literal["anyone", "signed-in", "resident", "staff", "supervisor", "designer", "operator", "security", "auditor"]

Takes = Literal["form", "json", "file"]
#: Bytes of a body, by what a route takes. A file: as set (YIZHAN_UPLOAD_MB), and what is typed around it.
MOST = {"form": MOST_FORM, "json": MOST_JSON}

#: A person nobody knows yet.
VISITOR = Actor(id=None, kind="visitor", name="")

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may use a route at all. What they may see or do there, the reads and commands decide for each thing."""

    who: Who
    writes: bool | None = None  # None: by the method; True: a GET that writes (a task is marked as seen)
    alone: bool = False  # the view opens its own transactions (log-in counts failures even when it refuses)
    first: bool = False  # also for who has to set up a second factor before anything else
    takes: Takes = "form"  # what its body is at most


_GUARD = "guard"


def guard(
    who: Who, *, writes: bool | None = None, alone: bool = False, first: bool = False, takes: Takes = "form"
) -> Callable[[View], View]:
    """Declare who may use a route, and what is sent to it."""

    def declare(view: View) -> View:
        setattr(view, _GUARD, Guard(who, writes, alone, first, takes))
        return view

    return declare


def admits(who: Who, actor: Actor) -> bool:
    """Whether a guard lets this actor through.

    >>> admits("anyone", VISITOR), admits("signed-in", VISITOR)
    (True, False)
    """
    if who == "anyone":
        return True
    if who == "signed-in":
        return actor.kind in ("resident", "staff")
    if who in ("resident", "staff"):
        return actor.kind == who
    return actor.kind == "staff" and who in actor.roles


class LazyRule(Rule):
    """A rule of which the functions that build its address are made when the first address is built.

    Werkzeug compiles two functions a rule when it is added: with five hundred rules that is most of what an application
    takes to start, and a process builds the addresses of a few.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        def built(rule: Rule, **values: Any) -> tuple[str, str]:
            make = super(LazyRule, self)._compile_builder(append_unknown)
            setattr(rule, "_build_unknown" if append_unknown else "_build", make.__get__(rule, None))
            return make(rule, **values)

        return built


class Hall(Flask):
    """The Flask application: dispatching happens inside a guard and a unit of work."""

    url_rule_class = LazyRule

    database: Database
    settings: Settings
    clock: Callable[[], datetime]

    def dispatch_request(self) -> ResponseReturnValue:
        if request.routing_exception is not None:
            self.raise_routing_exception(request)
        rule = request.url_rule
        assert rule is not None
        wanted = guard_of(self, rule.endpoint)
        if request.method == "OPTIONS" or rule.endpoint == "static":
            return super().dispatch_request()
        if wanted.alone:
            with store.reading(self.database) as reading:
                g.actor = _actor(reading)
            self._seen()
            _check(wanted)
            return super().dispatch_request()
        writes = wanted.writes if wanted.writes is not None else request.method not in ("GET", "HEAD")
        if writes:
            answer = again(lambda: self._view(wanted, writes=True), prepare=_as_it_came())
        else:
            answer = self._view(wanted, writes=False)
        self._seen()
        return answer

    def _view(self, wanted: Guard, *, writes: bool) -> ResponseReturnValue:
        """The view in its transaction, committed when this returns."""
        with store.unit_of_work(self.database) if writes else store.reading(self.database) as opened:
            g.work = opened
            try:
                g.actor = _actor(opened)
                turned_away = _check(wanted)
                if turned_away is not None:
                    return turned_away
                return self.make_response(super().dispatch_request())
            finally:
                g.pop("work", None)

    def _seen(self) -> None:
        """Once a minute, in a transaction of its own, it is written down that a session of staff is used: whoever works
        on is not sent out for having been idle."""
        opened = session_now()
        if opened is not None and opened.actor.kind == "staff" and opened.unseen(now()):

            def write() -> None:
                with self.database.unit_of_work() as work:
                    sessions.seen(work, opened, now=now())

            again(write)


def _as_it_came() -> Callable[[], None]:
    """What puts the request back as it came, so that its view can be run again in a new transaction."""
    cookie, kept = dict(session), {name: g.get(name) for name in g}

    def restore() -> None:
        if dict(session) != cookie:
            session.clear()
            session.update(cookie)
        for name in list(g):
            g.pop(name)
        for name, value in kept.items():
            setattr(g, name, value)
        for _, sent in request.files.items(multi=True):
            sent.stream.seek(0)

    return restore


def guard_of(app: Flask, endpoint: str) -> Guard:
    """The guard of a route."""
    found = getattr(app.view_functions[endpoint], _GUARD, None)
    if endpoint == "static":
        return Guard("anyone", alone=True)
    if found is None:
        raise RuntimeError(f"Expected a guard on the route {endpoint}, but there is none: add @guard(...).")
    return cast(Guard, found)


def most_bytes(app: Flask, endpoint: str | None) -> int:
    """The bytes that a body sent to this route may have; None: an address where there is nothing."""
    takes = guard_of(app, endpoint).takes if endpoint is not None else "form"
    return MOST.get(takes) or cast(int, app.config["MAX_CONTENT_LENGTH"])


def most_at(app: Flask) -> Callable[[str, str], int]:
    """The same by method and path, for a server that asks before it reads the body."""
    paths = app.url_map.bind("")

    def most(method: str, path: str) -> int:
        try:
            endpoint, _ = paths.match(path, method)
        except HTTPException:  # there is nothing, or it is elsewhere
            return most_bytes(app, None)
        return most_bytes(app, endpoint)

    return most


def all_guarded(app: Flask) -> None:
    """Refuse to start with a route that nobody guards."""
    for rule in app.url_map.iter_rules():
        guard_of(app, rule.endpoint)


def bearer() -> str:
    """The token of an API call; "" when there is none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _actor(opened: Work) -> Actor:
    if request.path.startswith("/api/"):  # programs bring a token; a browser's cookie opens nothing here
        return (login.actor_of_token(opened, bearer(), now=now()) if bearer() else None) or VISITOR
    token = session.get("token")
    if not token:
        return VISITOR
    found = sessions.find(opened, token, now=now())
    if found is None:
        session.pop("token", None)
        return VISITOR
    g.session_now = found
    return found.actor


def empty_cookie() -> None:
    """Nothing of who was here stays in this browser's cookie; how they like to read does."""
    kept = {name: session[name] for name in ("language", "large") if name in session}
    session.clear()
    session.update(kept)


def session_now() -> sessions.Open | None:
    """The session of a browser that is signed in."""
    return cast("sessions.Open | None", g.get("session_now"))


class SignIn(Exception):
    """Expected somebody signed in, but nobody is: the page to sign in on comes first."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.endpoint = endpoint


class SecondFirst(Exception):
    """Expected a second factor of somebody of this post, but there is none: setting it up comes first."""


def must_first() -> bool:
    """Whether whoever asks signed in by one factor alone, and their post needs two: they set it up, and do nothing
    else until then."""
    opened, settings = session_now(), hall().settings
    if opened is None or not factors.required(opened.actor, settings.second_factor):
        return False
    # By the single sign-on it is the county's word whether that asked for two.
    return opened.how == "password" or (opened.how == "sso" and not (settings.sso and settings.sso.two_factors))


def _check(wanted: Guard) -> Response | None:
    actor: Actor = g.actor
    if admits(wanted.who, actor):
        if wanted.who != "anyone" and not wanted.first and must_first():
            raise SecondFirst
        return None
    if actor.kind == "visitor":
        raise SignIn("entry.resident" if wanted.who in ("resident", "signed-in") else "entry.staff")
    if actor.kind == "staff" and wanted.who == "resident":
        raise NotYours(
            "这一页是给群众用的，您现在是工作人员身份。请退出后用手机号登录，或回到待办。",
            "This page is for residents and you are signed in as staff: sign out first, or go back to your desk.",
        )
    raise NotYours(
        "您的岗位看不到这一页。如工作需要，请找单位管理员开通。",
        "Your post does not open this page: ask your unit's administrator.",
    )


class Id(IntegerConverter):
    """<int:…> of an address: an id the database can hold, else there is no such page. By its digits: werkzeug asks for
    the largest number only when it has chosen the address, and then answers that the method is wrong."""

    regex = r"\d{1,18}"


def whole(text: str) -> int:
    """A whole number out of a form or an address, for `type=` of request.args.get: ValueError when it is none, or more
    than a database holds."""
    if not is_id(text.strip().removeprefix("-")):
        raise ValueError(text[:40])
    return int(text)


#: Days that a page or a program may name: a week before the first day of all is no day, nor an hour after the last.
FIRST_YEAR, LAST_YEAR = 1900, 2199


def sent_id(name: str = "version") -> int:
    """A whole number that a page sends along with what was pressed: which version the person saw, as a rule. Invalid:
    the page is not whole."""
    text = request.form.get(name, "")
    if not is_id(text):
        raise Invalid([FieldError(name, "", "页面不完整，请刷新后再试。", "The page is stale: reload it.")])
    return int(text)


def day(text: str) -> date:
    """A day out of a form or an address. ValueError when it is none, or one that nobody means."""
    found = date.fromisoformat(text)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"Expected a day of the years {FIRST_YEAR} to {LAST_YEAR}, not {found}")
    return found


def moment(text: str) -> datetime:
    """A moment out of a form or an address, with or without its offset. ValueError as `day`."""
    found = datetime.fromisoformat(text)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"Expected a moment of the years {FIRST_YEAR} to {LAST_YEAR}, not {found}")
    return found


def hall() -> Hall:
    return cast(Hall, current_app)


def work() -> Work:
    """This request's unit of work."""
    return cast(Work, g.work)


def work_or_none() -> Work | None:
    """This request's unit of work; None on a page about a refusal, and in a view that opens its own (`alone`)."""
    return cast("Work | None", g.get("work"))


@contextmanager
def reading() -> Iterator[Work]:
    """A reading transaction to draw a page in, for a view that opens its own: `work()` gives it meanwhile."""
    with hall().database.reading() as opened:
        g.work = opened
        try:
            yield opened
        finally:
            g.pop("work", None)


def actor() -> Actor:
    """Who asks."""
    return cast(Actor, g.get("actor", VISITOR))


def now() -> datetime:
    """The moment of this request, aware UTC: the same for all that happens in it."""
    if "now" not in g:
        g.now = hall().clock()
    return cast(datetime, g.now)


def onward(otherwise: str) -> str:
    """Where the person was going (`next`): only a path of ours."""
    target = request.values.get("next", "")
    return target if re.fullmatch(r"/(?![/\\])[^\s\\]*", target) else otherwise
