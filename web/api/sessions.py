"""Signing in and out."""

from __future__ import annotations

import secrets
from typing import Annotated, Literal

from flask import request
from pydantic import BeforeValidator, Field, StringConstraints

from engine.commands.accounts import codes
from engine.commands.hall import factors, signing_in
from engine.errors import FieldError, Invalid, Refused
from engine.forms import written
from engine.people import actor as actors
from engine.people import login
from engine.people.factors import of as factors_of
from engine.people.factors import required
from engine.people.sessions import How
from web import edge
from web.api.declaring import Shape, operation


def _telephone(given: object) -> object:
    return written.telephone(given) if isinstance(given, str) else given


class Phone(Shape):
    phone: Annotated[str, BeforeValidator(_telephone), StringConstraints(pattern=r"^1[3-9]\d{9}$")]


class CodeSent(Shape):
    ask: str  # to be given with the code: it works only for whoever asked for it
    shown: str  # the code itself, only while the hall is in development; else ""


class LogIn(Shape):
    """Residents: phone and code. Staff: login and password."""

    phone: str = ""
    code: str = ""
    ask: str = Field("", max_length=80)  # as POST /session/code gave it
    #: Only where it is asked for (error "proof-needed"): the last four of the identity number, or the name.
    proof: str = Field("", max_length=80)
    login: str = ""
    password: str = ""
    #: Only where it is asked for (error "second-needed"): the code that the app shows now, or a recovery code.
    second: str = Field("", max_length=40)
    device: str = Field("", max_length=80)


class ProofNeeded(Refused):
    """Expected a second proof beside the code, but there is none."""

    status = 403
    slug = "proof-needed"


class SecondNeeded(Refused):
    """Expected a second factor beside the password, but there is none."""

    status = 403
    slug = "second-needed"


class SignedIn(Shape):
    token: str
    kind: Literal["resident", "staff"]
    name: str


@operation("post", "/session/code", who="anyone", tag="session", takes=Phone, gives=CodeSent, alone=True)
def send_code(body: Phone) -> CodeSent:
    """Send a one-time code to a phone."""
    hall, now = edge.hall(), edge.now()
    with hall.database.unit_of_work() as work:
        ask = secrets.token_urlsafe(24)
        code = codes.send(
            work,
            body.phone,
            lambda code: f"【{hall.settings.hall_name}】验证码 {code}，5 分钟内有效。请勿告诉他人。",
            ask=ask,
            now=now,
            address=request.remote_addr or "",
        )
    return CodeSent(ask=ask, shown=code if hall.settings.development else "")


@operation("post", "/session", who="anyone", tag="session", takes=LogIn, gives=SignedIn, status=201, alone=True)
def sign_in(body: LogIn) -> SignedIn:
    """Log in and get a token for the Authorization header."""
    hall, now = edge.hall(), edge.now()
    if body.phone:
        user_id = login.resident(hall.database, body.phone, body.code, now=now, ask=body.ask).user_id
        with hall.database.reading() as work:
            asked = login.unproved(work, user_id, now=now, silence=hall.settings.silence)
        if asked and not body.proof:
            raise ProofNeeded(
                "这个号码很久没有登录，或者有人用它报了别的姓名。"
                "请在 proof 里给出身份证号最后 4 位（没有登记证件的，给出姓名）。",
                "Nobody signed in by this number for long, or somebody said to be another: give the last four of "
                "the identity number, or the name, as proof.",
                asked=asked,
            )
        if asked:
            login.prove(hall.database, user_id, body.phone, body.proof, now=now)
    elif body.login:
        address = request.remote_addr or ""
        user_id = signing_in.password(hall.database, body.login, body.password, now=now, address=address).user_id
        how = _second(user_id, body.second)
    else:
        raise Invalid([FieldError("phone", "手机号", "请给出手机号和验证码，或用户名和密码。", "Give phone and code.")])
    with hall.database.unit_of_work() as work:
        name = body.device or "api"
        if body.phone:
            token = login.new_token(work, user_id, now=now, name=name)
        else:
            token = signing_in.by_program(work, user_id, how, now=now, name=name)
        actor = login.actor_of_token(work, token, now=now)
    assert actor is not None
    return SignedIn(token=token, kind="staff" if actor.kind == "staff" else "resident", name=actor.name)


def _second(user_id: int, given: str) -> How:
    """The second factor of somebody whose password was right; none is asked of who has none and needs none."""
    hall, now = edge.hall(), edge.now()
    with hall.database.reading() as work:
        has = factors_of(work, user_id).any
        needs = required(actors.load(work, user_id, now=now), hall.settings.second_factor)
    if not has and needs:
        raise SecondNeeded(
            "这个岗位要两步验证，请先在网页的“我的账号”里设置。",
            "This post needs a second factor: set it up first in your account, by browser.",
        )
    if not has:
        return "password"
    if not given:
        raise SecondNeeded(
            "请在 second 里给出应用现在显示的动态码，或一个恢复码。",
            "Give the code that the app shows now, or a recovery code, as second.",
        )
    return factors.by_code(hall.database, user_id, given, now=now)


@operation("delete", "/session", who="signed-in", tag="session")
def sign_out() -> None:
    """Revoke the token of this call."""
    login.revoke_token(edge.work(), edge.bearer(), now=edge.now())
