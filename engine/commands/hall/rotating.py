"""密钥轮换: the data key is changed while the hall runs, and the old one dropped when nothing needs it.

With a key file this is one command, run again after any stop. Every process follows the file within a second: first all
can open what the new key seals, then it seals and the old one still indexes, then it does both. Where YIZHAN_DATA_KEY
holds the keys, the operator takes these steps by that setting (`engine.store.keys.Keys`); the command does the rest.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from engine import crypto
from engine.errors import NotNow
from engine.people import SYSTEM
from engine.records import anchors, audit, rotation
from engine.store import Database, keys
from engine.store.keys import Keys
from engine.store.models import KeyTurn


@dataclass(frozen=True, slots=True)
class Turned:
    """What a change of the key did."""

    sealed: int
    files: int
    indexed: int
    left: int


def rotate(
    database: Database,
    *,
    now: Callable[[], datetime],
    wait: Callable[[float], None] = time.sleep,
    new: crypto.Key | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Turned:
    """Change the data key, or go on with a change that was stopped. NotNow: not by this setting, or not yet."""
    by_setting = bool(os.environ.get("YIZHAN_DATA_KEY"))
    held = keys.held()
    if held.other is None or held.role == "next":
        if by_setting:
            raise _step("新 旧:index", "NEW OLD:index")
        other = held.other or new or crypto.Key.new(held.now.suite)
        if held.other is None:
            say("新旧两把密钥并存 …")
            _put(Keys(held.now, other, "next"), wait)
        held = _put(Keys(other, held.now, "index"), wait)
    keys.configure(held)
    with database.unit_of_work() as work:
        audit.seal_all(work, now=now())  # what a seal holds needs no key
        rotation.begin(work, now=now())
    say("找出全部索引 …")
    _through(database, "find", now)
    say("逐条用新密钥重新加密 …")
    _through(database, "seal", now)
    if held.role == "index":
        if by_setting:
            raise _step("新 旧", "NEW OLD")
        held = _put(Keys(held.now, held.other), wait)
    say("逐条重做索引 …")
    _through(database, "index", now)
    with database.unit_of_work() as work:
        done = work.session.scalars(select(KeyTurn).order_by(KeyTurn.id.desc()).limit(1)).one()
        made = Turned(done.sealed, done.files, done.indexed, done.left)
        facts = {"sealed": made.sealed, "files": made.files, "indexed": made.indexed, "left": made.left}
        audit.record(work, audit.Kind.KEYS_TURNED, by=SYSTEM, now=now(), facts=facts)
    return made


def drop(database: Database, *, now: datetime) -> None:
    """The old key is not needed any more: looked at value by value before it goes. NotNow says what still needs it."""
    held = keys.held()
    if held.other is None:
        raise NotNow("只有一把密钥，没有可以去掉的。", "There is one key only: none to drop.")
    keys.configure(held)
    with database.reading() as work:
        if rotation.open_turn(work) is not None or held.role:
            raise NotNow(
                "换密钥还没有做完，旧密钥不能去掉。请先再运行 yizhan keys rotate。",
                "The change of the key is not done: run yizhan keys rotate first.",
            )
        old = rotation.by_the_old(work)
        if old:
            raise NotNow(
                f"还有 {len(old)} 处是旧密钥封的（{'、'.join(old[:3])} …）。请再运行 yizhan keys rotate。",
                f"{len(old)} values are still sealed with the old key ({', '.join(old[:3])} …): run yizhan keys rotate "
                "again.",
            )
    with database.unit_of_work() as work:
        audit.record(work, audit.Kind.KEY_DROPPED, by=SYSTEM, now=now, facts={})
        audit.seal_all(work, now=now)
    with database.reading() as work:
        anchors.keep(work)
        if not anchors.prove_anew(work):
            raise NotNow(
                "锚定文件里有一行对不上，先不要去掉旧密钥。请运行 yizhan audit verify 查清。",
                "A line of the anchor does not hold; keep the old key and run yizhan audit verify.",
            )
    if not os.environ.get("YIZHAN_DATA_KEY"):
        keys.write(Keys(held.now))
    keys.configure(Keys(held.now))


def _put(held: Keys, wait: Callable[[float], None]) -> Keys:
    """Write the keys, and give every process the time to follow."""
    keys.write(held)
    keys.configure(held)
    wait(2 * keys.FOLLOW_S + 1)
    return held


def _through(database: Database, stage: str, now: Callable[[], datetime]) -> None:
    while rotation.go_on(database, stage, now=now()):
        pass


def _step(zh: str, en: str) -> NotNow:
    return NotNow(
        f"这一步要 YIZHAN_DATA_KEY 写成“{zh}”。请改好，所有机器重启，再运行 yizhan keys rotate。",
        f"This step needs YIZHAN_DATA_KEY to be {en}: set it, start every machine again, and run yizhan keys rotate.",
    )
