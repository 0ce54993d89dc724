"""An account that has no name is given one, once, by its owner: whoever books is called by it at the door."""

from __future__ import annotations

from datetime import datetime

from engine.errors import FieldError, Invalid, NotYours
from engine.forms import letters, written
from engine.people import Actor
from engine.records import audit
from engine.store import Work
from engine.store.models import User

#: The longest name that is kept; names of the register have at most 50 characters.
LONGEST = 50


def give_name(work: Work, name: str, *, by: Actor, now: datetime) -> None:
    """Keep the name of the actor's own account. One that has a name keeps it: a name is corrected at the counter."""
    if by.kind != "resident" or by.id is None:
        raise NotYours("请先登录。", "Log in first.")
    me = work.session.get_one(User, by.id)
    if me.name:
        return
    given = " ".join(written.narrow(letters.seen(name)).split())
    if not given or len(given) > LONGEST or not any(sign.isalpha() for sign in given):
        zh, en = "请写身份证上的姓名，来的时候按它叫您。", "Write your name as on your document: you are called by it."
        raise Invalid([FieldError("name", "姓名", zh, en)])
    me.name = given
    audit.record(work, audit.Kind.ACCOUNT_NAMED, by=by, now=now, facts={"user": me.id})


def must_have_name(name: str) -> None:
    """A booking is somebody's, whom the counter calls."""
    if not name:
        zh, en = "请先填写您的姓名，再预约。", "Give your name first, then book."
        raise Invalid([FieldError("name", "姓名", zh, en)])
