"""For whom somebody else has a task: a post that nobody holds today, or a person who works here no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from engine.people import units
from engine.store import Work
from engine.store.models import Post, User


def missing(work: Work, instead: Mapping[str, Any]) -> tuple[str, str]:
    """Who is not there, in Chinese and English: 苏洋村的代办员今天没有人在岗. `instead`: as a task keeps it."""
    if "user" in instead:
        name = work.session.scalar(select(User.name).where(User.id == instead["user"])) or ""
        return f"{name}已经不在岗", f"{name} works here no more"
    unit = units.place(work, int(instead["unit"]))
    post = work.session.execute(select(Post.name, Post.name_en).where(Post.code == instead["post"])).first()
    zh, en = post if post is not None else (instead["post"], instead["post"])
    return f"{unit.name}的{zh}今天没有人在岗", f"nobody is {en or zh} of {unit.name_en or unit.name} today"
