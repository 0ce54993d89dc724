"""密钥轮换: the data key is changed while the hall runs, and the old one dropped when nothing needs it.

With a key file this is one command, run again after any stop. Every process follows the file within a second: first all
can open what the new key seals, then it seals and the old one still indexes, then it does both. Where YIZHAN_DATA_KEY
holds the keys, the operator takes these steps by that setting (`engine.store.keys.Keys`); the command does the rest.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from engine import crypto
from engine.errors import NotNow
from engine.people import SYSTEM
from engine.records import anchors, audit, rotation
from engine.store import Database, Work, keys
from engine.store.keys import Keys
from engine.store.models import KeyTurn, RecoveryCode, User

#: So often everything is gone through at most: by then every machine has long written with the new key.
TURNS = 5


@dataclass(frozen=True, slots=True)
class Turned:
    """What a change of the key did."""

    sealed: int
    files: int
    indexed: int
    left: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """What is to be said once the old key went."""

    by_setting: bool  # YIZHAN_DATA_KEY still holds both: it must be NEW alone from now on
    codes: int  # recovery codes of before that nobody used: good no more
    of: tuple[str, ...]  # log-in names of those who have them


def rotate(
    database: Database,
    *,
    now: Callable[[], datetime],
    wait: Callable[[float], None] = time.sleep,
    new: crypto.Key | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Turned:
    """Change the data key, or go on with a change that was stopped. NotNow: not by this setting, or not yet."""
    with _alone():
        return _rotate(database, now=now, wait=wait, new=new, say=say)


def _rotate(
    database: Database,
    *,
    now: Callable[[], datetime],
    wait: Callable[[float], None],
    new: crypto.Key | None,
    say: Callable[[str], None],
) -> Turned:
    by_setting = bool(os.environ.get("YIZHAN_DATA_KEY"))
    held = keys.held()
    if held.other is None or held.role == "next":
        other = held.other or new or crypto.Key.new(held.now.suite)
        if by_setting and held.other is None:
            raise _step("旧 新:next", "OLD NEW:next", other)
        if by_setting:
            raise _step("新 旧:index", "NEW OLD:index")
        if held.other is None:
            say("新旧两把密钥并存 …")
            _put(Keys(held.now, other, "next"), wait)
        held = _put(Keys(other, held.now, "index"), wait)
    keys.configure(held)
    turns: list[Turned] = []
    while True:
        with database.unit_of_work() as work:
            audit.seal_all(work, now=now())  # what a seal holds needs no key
            rotation.begin(work, now=now(), again=not held.role)
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
        with database.reading() as work:
            done = rotation.newest(work)
            assert done is not None
            turns.append(Turned(done.sealed, done.files, done.indexed, done.left))
            whole = rotation.is_whole(done)
        if whole:
            break
        if len(turns) == TURNS:
            raise NotNow(
                "还有机器在用旧密钥写索引。请让所有机器都用新的设置重启，再运行 yizhan keys rotate。",
                "Some machine still indexes by the old key: start every machine again with both keys as they are now, "
                "then run yizhan keys rotate.",
            )
    made = Turned(
        sum(one.sealed for one in turns),
        sum(one.files for one in turns),
        sum(one.indexed for one in turns),
        turns[-1].left,
    )
    with database.unit_of_work() as work:
        facts = {"sealed": made.sealed, "files": made.files, "indexed": made.indexed, "left": made.left}
        audit.record(work, audit.Kind.KEYS_TURNED, by=SYSTEM, now=now(), facts=facts)
    return made


def drop(database: Database, *, now: datetime) -> Dropped:
    """The old key is not needed any more: looked at value by value before it goes. NotNow says what still needs it."""
    with _alone():
        return _drop(database, now=now)


def _drop(database: Database, *, now: datetime) -> Dropped:
    held = keys.held()
    if held.other is None:
        raise NotNow("只有一把密钥，没有可以去掉的。", "There is one key only: none to drop.")
    keys.configure(held)
    with database.reading() as work:
        if held.role or not rotation.is_whole(rotation.newest(work)):
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
        audit.seal_all(work, now=now)
    with database.reading() as work:
        anchors.keep(work)
        if not anchors.prove_anew(work):
            raise NotNow(
                "锚定文件里有一行对不上，先不要去掉旧密钥。请运行 yizhan audit verify 查清。",
                "A line of the anchor does not hold; keep the old key and run yizhan audit verify.",
            )
        codes = _codes_of_before(work)
    with database.unit_of_work() as work:  # nothing refuses any more
        audit.record(work, audit.Kind.KEY_DROPPED, by=SYSTEM, now=now, facts={})
        audit.seal_all(work, now=now)
    with database.reading() as work:
        anchors.keep(work)
    by_setting = bool(os.environ.get("YIZHAN_DATA_KEY"))
    if not by_setting:
        keys.write(Keys(held.now))
    keys.configure(Keys(held.now))
    return Dropped(by_setting, len(codes), tuple(sorted(set(codes))))


def _codes_of_before(work: Work) -> list[str]:
    """Whose unused recovery codes were made before the new key made them: the log-in name, once for each code."""
    before = select(func.coalesce(func.max(KeyTurn.id), 0)).where(KeyTurn.again.is_(False)).scalar_subquery()
    begun = select(func.min(KeyTurn.begun_at)).where(KeyTurn.id > before).scalar_subquery()
    whose = select(User.login).join(RecoveryCode, RecoveryCode.user_id == User.id)
    found = work.session.scalars(whose.where(RecoveryCode.used_at.is_(None), RecoveryCode.created_at < begun))
    return [login or "" for login in found]


@contextmanager
def _alone() -> Iterator[None]:
    """One change of the key at a time: two that begin together would each make a new one, and one of them be lost with
    what was sealed with it meanwhile."""
    file = keys.file().with_name("rotate.lock")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotNow(
                "另一个 yizhan keys 正在运行。请等它做完。",
                "Another `yizhan keys` is running: wait until it is done.",
            ) from None
        yield


def _put(held: Keys, wait: Callable[[float], None]) -> Keys:
    """Write the keys, and give every process the time to follow."""
    keys.write(held)
    keys.configure(held)
    wait(2 * keys.FOLLOW_S + 1)
    return held


def _through(database: Database, stage: str, now: Callable[[], datetime]) -> None:
    while rotation.go_on(database, stage, now=now()):
        pass


def _step(zh: str, en: str, new: crypto.Key | None = None) -> NotNow:
    made = "" if new is None else new.text()
    return NotNow(
        f"这一步要 YIZHAN_DATA_KEY 写成“{zh}”。请改好，所有机器重启，再运行 yizhan keys rotate。"
        + (f"刚生成的一把新密钥（只显示这一次）：{made}" if made else ""),
        f"This step needs YIZHAN_DATA_KEY to be {en}: set it, start every machine again, and run yizhan keys rotate."
        + (f" A fresh key, shown this once: {made}" if made else ""),
    )
