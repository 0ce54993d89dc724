"""Getting a hall ready: tables, matters published from the content folder, a demo county when it is empty."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from engine import crypto
from engine.commands import bonds, loans, queues, registers
from engine.commands.booking import due
from engine.commands.hall import erasing, following
from engine.errors import Refused
from engine.matters import County
from engine.people import SYSTEM
from engine.proof import publishing
from engine.proof.publishing import Plan, Planned
from engine.records import library, papers
from engine.store import Database, connect, keys, migrate
from engine.store.models import MatterVersion, Unit
from web import progress
from web.settings import ROOT, BadSettings, Settings

if TYPE_CHECKING:
    from web.demo import Peopled

#: What is written beside a version that no person published.
NOTE = "启动时自动发布 · by the start of the hall"
#: The same, where its stories are still to be played.
UNPLAYED = "演示：检查过，故事还没有走 · a demo hall: checked, its stories still to be played"


def prepare(settings: Settings, *, demo: bool = True, say: Callable[[str], None] = lambda text: None) -> None:
    """Everything a start needs; quick when nothing has changed."""
    go_on(settings, begin(settings, demo=demo, say=say), say=say)


@dataclass(frozen=True, slots=True)
class Begun:
    """What a start has left to do when its pages can stand: to publish, and to make the demo county's life."""

    there: Peopled | None = None  # the demo county, with everybody in it and no case yet


def begin(settings: Settings, *, demo: bool = True, say: Callable[[str], None] = lambda text: None) -> Begun:
    """What no page can do without: the tables, the key, and of a demo county its units and people. Nothing is offered
    yet that the hall has not proved."""
    private(settings.home)
    database = connect(settings.database_url or None, files=settings.home / "files")
    try:
        can_sign()
        right_key(database)
        if migrate.upgrade(database):
            say("数据库已建好。")
        new = demo and empty(database)
        nothing_to_try_out(database, settings, new=new)
        if not new and not progress.wanted(settings.home):
            return Begun()
        from web.demo import people_it

        with rarely_collecting():
            begun = Begun(people_it(database, now=datetime.now(UTC), again=not new))
        progress.want(settings.home)
        return begun
    finally:
        database.close()


def go_on(
    settings: Settings,
    begun: Begun,
    *,
    say: Callable[[str], None] = lambda text: None,
    lived: Callable[[], None] = lambda: None,
) -> None:
    """The rest, which pages need not wait for: every new matter is proved and then offered, one after the other; then
    what people of the demo county did. What is stored goes on when the program is started again.

    A demo county of the program's own matters does not wait for eighty matters' stories: each was proved by who made
    this program, nobody but who tries it out can reach it, and the first minute is when it is looked at. Its matters
    are offered as soon as the check finds them fit, its people live, and the stories are played behind; what goes
    otherwise is taken off. `lived` is told when a worker may begin: what people of the demo county did lies days back.
    """
    papers.use(settings.content / "forms")
    database = connect(settings.database_url or None, files=settings.home / "files")
    county = _lists() if begun.there is not None else None
    unplayed = county is not None and settings.content.resolve() == ROOT
    try:
        with rarely_collecting():
            if county is not None and unplayed:
                _open_checked(database, settings, county, say)
            else:
                _open_proved(database, settings, county, say)
            _ask_for_the_night(database)
            if begun.there is not None:
                _demo(database, settings.home, begun.there, say)
        progress.end(settings.home)
        lived()
        if unplayed:
            _give_way()
            with rarely_collecting():
                _open_proved(database, settings, county, say)
    finally:
        progress.end(settings.home)
        database.close()


def _open_checked(database: Database, settings: Settings, county: County, say: Callable[[str], None]) -> None:
    progress.say(settings.home, "proving")
    checked = publishing.checked(database, settings.content, county=county)
    publishing.publish(database, checked, by=SYSTEM, note=UNPLAYED, now=datetime.now(UTC))
    say(f"已开放 {len(checked.matters)} 个事项：检查过了，它们的故事在后台接着走。")


def _open_proved(database: Database, settings: Settings, county: County | None, say: Callable[[str], None]) -> None:
    """What was offered before its stories were played, and they go otherwise, is taken off."""
    try:
        plan = publish(database, settings, county=county, say=say)
    except Refused as refused:  # no content folder: what was published goes on serving
        say(refused.zh)
        return
    for line in (*lines(plan), *_taken_off(database, plan)):
        say(line)


def _give_way() -> None:
    """What this thread goes on with is done when nobody else needs the processor."""
    with suppress(AttributeError, OSError):  # where a system has no such thing
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _ask_for_the_night(database: Database) -> None:
    """What is done anew each night begins with the hall."""
    with database.unit_of_work() as work:
        due.ask_for_slots(work, now=datetime.now(UTC))
        queues.ask_to_forget(work, now=datetime.now(UTC))
        registers.ask_to_keep(work, now=datetime.now(UTC))
        erasing.ask_to_erase(work, now=datetime.now(UTC))
        loans.ask_to_look(work, now=datetime.now(UTC))
        following.ask_at_midnight(work, now=datetime.now(UTC))
        bonds.ask_at_midnight(work, now=datetime.now(UTC))


def _taken_off(database: Database, plan: Plan) -> Iterator[str]:
    with database.unit_of_work() as work:
        for one in plan.that("refuse"):
            there = work.session.scalar(
                select(MatterVersion).where(MatterVersion.matter == one.name, MatterVersion.current)
            )
            if there is not None and there.note == UNPLAYED:
                library.withdraw(work, one.name, by=SYSTEM, now=datetime.now(UTC), note="故事走不通")
                yield f"已撤下“{one.title}”（{one.name}）：故事走不通，不再收新件。"


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Stories and the demo county make many objects that live long (packages, diagrams, statements): to look through
    all of them every few hundred allocations is a tenth of the first start."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def private(home: Path) -> None:
    """What the hall writes is its own user's to read: database, files, keys and logs hold people's affairs."""
    os.umask(0o077)
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    for file in (*home.glob("*.db*"), *home.glob("log/*"), *home.glob("keys/*")):
        file.chmod(0o600)


def can_sign(environment: Mapping[str, str] = os.environ) -> None:
    """Refuse to start a hall of the national suite that cannot sign by it: no seal could be laid, and nobody would see
    it until an audit."""
    given = environment.get("YIZHAN_DATA_KEY") or (keys.file().read_bytes() if keys.file().is_file() else "")
    try:
        name = keys.Keys.read(given).now.suite.name if given else environment.get(keys.SUITE, "")
    except ValueError:  # told by whoever opens something with it
        return
    if name == crypto.NATIONAL.name and not crypto.sm2.there():
        raise BadSettings(
            "[一站] 国密大厅要装 gmssl 才能用 SM2 签名，审计的封存才做得出来。请运行 pip install yizhan[sm] 再启动。\n"
            "       A hall of the national suite signs the audit's seals with SM2, which needs gmssl: run "
            "`pip install yizhan[sm]` and start again."
        )


def right_key(database: Database) -> None:
    """Refuse to start a hall that holds sealed data without the key that opens it: a new key would be made in silence,
    and everything kept before would be lost to it."""
    if migrate.current(database) is None:
        return
    try:
        with database.engine.connect() as connection:
            sealed = connection.execute(text('select name from "user" where name is not null limit 1')).scalar()
    except (OperationalError, ProgrammingError):
        return
    if sealed is None:
        return
    if not keys.there():
        raise BadSettings(
            f"[一站] 数据库里有加密的数据，但找不到数据密钥（YIZHAN_DATA_KEY 或 {keys.file()}）。请把备份的密钥放回去；"
            "没有它，以前的数据谁也打不开。\n"
            f"       The database holds sealed data but its key is missing (YIZHAN_DATA_KEY or {keys.file()}): put the "
            "key back from its backup."
        )
    try:
        with database.engine.connect() as connection:
            turning = connection.execute(text("select id from key_turn where done_at is null limit 1")).scalar()
    except (OperationalError, ProgrammingError):
        turning = None
    if turning is not None and keys.current().other is None:
        raise BadSettings(
            "[一站] 数据密钥正在更换，还没有做完，新旧两把要同时在；现在只有一把。请放回另一把（YIZHAN_DATA_KEY 或 "
            f"{keys.file()}），再运行 yizhan keys rotate。\n"
            "       The data key is being changed and both are needed, but there is one: put the other back (in "
            f"YIZHAN_DATA_KEY or {keys.file()}) and run `yizhan keys rotate`."
        )
    try:
        keys.current().open(bytes(sealed), b"text")
    except keys.OtherSuite as other:
        raise BadSettings(
            f"[一站] {keys.SUITE} 与这个大厅的密钥不一致：这个设置只给新大厅选算法，请去掉它。\n       {other}"
        ) from None
    except crypto.NotOpened:
        raise BadSettings(
            "[一站] 数据密钥和这个数据库不配，以前的数据打不开。请核对密钥和数据库是不是同一个大厅的。\n"
            "       The data key does not open this database: are key and database of the same hall?"
        ) from None


def nothing_to_try_out(database: Database, settings: Settings, *, new: bool) -> None:
    """Where others can reach the hall there is no demo county: its passwords are printed for everybody."""
    if not settings.reachable:
        return
    from web.demo import open_logins

    if new:
        raise BadSettings(
            "[一站] 别人能打开的大厅不放演示县：它的密码是公开的。请用 yizhan run --no-demo，再登记自己的单位和人员。\n"
            "       A hall that others can reach gets no demo county, whose passwords are public: run --no-demo."
        )
    known = open_logins(database)
    if known:
        raise BadSettings(
            f"[一站] 大厅里还有演示用的密码，别人也能打开它，不能启动。请先换掉或停用：{'、'.join(known)}。\n"
            f"       Others can reach this hall and it has demo passwords: change or disable {', '.join(known)} first."
        )


def _lists() -> County:
    """What the demo hall holds when its life is made: so the verdicts of this start hold for the next."""
    from web.demo import lists

    return lists()


def _demo(database: Database, home: Path, there: Peopled, say: Callable[[str], None]) -> None:
    from web.demo import MATTERS, fill, year

    with database.reading() as work:
        missing = sorted(set(MATTERS) - {package.name for package in library.published(work)})
    progress.made(home)  # what is begun twice would be there twice
    if missing:
        say(f"演示县：{there}。没有办件：演示的办件要用到没有发布的事项 {'、'.join(missing)}。")
    else:
        say("正在生成演示县的数据 …")
        progress.say(home, "life")
        say(fill(database, now=datetime.now(UTC), there=there))
        year.begin(home, database, now=datetime.now(UTC))


def empty(database: Database) -> bool:
    """Whether there is no county yet."""
    with database.reading() as work:
        return work.session.scalar(select(Unit.id).limit(1)) is None


def publish(
    database: Database,
    settings: Settings,
    *,
    county: County | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Plan:
    """Publish what the content folder holds and the hall has not, in the name of the system. What was done."""
    offered, waiting, done = publishing.standing(database), list[Planned](), set[str]()
    plan = publishing.look(
        database,
        settings.content,
        now=datetime.now(UTC),
        county=county,
        proving=lambda name: say(f"正在检查事项 {name} 并走一遍它的故事 …"),
        proved=lambda one: _offer(database, settings.home, one, offered, waiting, done),
    )
    left = replace(plan, matters=tuple(one for one in plan.matters if one.name not in done))
    publishing.publish(database, left, by=SYSTEM, note=NOTE, now=datetime.now(UTC))
    return plan


def _offer(
    database: Database, home: Path, one: publishing.Looked, offered: set[str], waiting: list[Planned], done: set[str]
) -> None:
    """One of several is proved: it need not wait for the rest, but for those whose cases it opens (一件事)."""
    if not one.planned.serving:  # else people have it already
        progress.say(home, "proving", one.n, one.of)
    if one.planned.does == "publish":
        waiting.append(one.planned)
    while ready := [of for of in waiting if of.package is not None and publishing.calls(of.package) <= offered]:
        publishing.publish(database, Plan(tuple(ready)), by=SYSTEM, note=NOTE, now=datetime.now(UTC))
        done.update(of.name for of in ready)
        offered |= done
        waiting[:] = [of for of in waiting if of.name not in done]


def lines(plan: Plan, *, planned: bool = False) -> list[str]:
    """What was done (or is planned), in words for a screen."""
    done = ("将发布", "将撤下") if planned else ("已发布", "已撤下")
    out = []
    published = [one.title for one in plan.that("publish")]
    if published:
        out.append(
            f"{done[0]} {len(published)} 个事项：{'、'.join(published[:8])}{' 等' if len(published) > 8 else ''}"
        )
    for one in plan.that("withdraw"):
        left = f"还有 {one.running} 件在办，照旧办完" if one.running else "没有在办的件"
        out.append(f"{done[1]}“{one.title}”（{one.name}）：{one.why}；不再收新件，{left}。")
    for one in plan.that("refuse"):
        reasons = publishing.reasons_of(one)
        goes_on = "原来发布的版本照常使用" if one.serving else "大厅里没有这个事项"
        out.append(f"事项 {one.name} 未发布，有 {len(reasons)} 处错误；{goes_on}。")
        for finding in reasons[:SHOWN]:
            where = f"{finding.file}{f' 第 {finding.line} 行' if finding.line else ''}"
            out.append(f"    {where}：{finding.message_zh}")
        if len(reasons) > SHOWN:
            out.append(f"    …… 还有 {len(reasons) - SHOWN} 处，运行 yizhan check 和 yizhan stories 可以看到全部。")
    for old in plan.outdated:
        out.append(
            f"事项 {old.matter} 有 {old.running} 件在办的按旧版本（{old.version[:12]}）办，"
            f"那个版本要用的东西程序里已经没有，有 {len(old.findings)} 处："
        )
        out += [f"    {f.file}{f' 第 {f.line} 行' if f.line else ''}：{f.message_zh}" for f in old.findings[:SHOWN]]
    return out


#: Reasons shown of each matter that was left out.
SHOWN = 5
