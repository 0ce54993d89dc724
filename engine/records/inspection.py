"""What `yizhan audit verify` looks at: the chains and seals, the anchor outside the database, and whether cases,
papers, files, looks behind masks and sealed values still are what the audit says of them.

A part that cannot be read (a damaged page, random bytes) is a finding in words, and the other parts are looked at all
the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from engine.errors import NotFound
from engine.records import anchors, audit, files
from engine.records.audit import Fault, Verdict
from engine.store import Work
from engine.store.models import Case, Document, Event, File, Reveal, Seal, SealedEvent
from engine.store.models.base import Base, as_stored, sealed_columns
from engine.store.models.records import BOOKING

#: Events wait this long for a seal (it is laid every ten minutes); longer, and something is wrong.
OVERDUE = timedelta(hours=1)

#: What a status of a case that was ended by hand says of its outcome.
ENDED = {"withdrawn": "withdrawn", "terminated": "ended"}


def inspect(work: Work, anchor: Path | None = None, *, now: datetime | None = None) -> Verdict:
    """Everything; `anchor`: what was kept elsewhere (a copy of the hall's own, or the daily lines), looked at too;
    `now`: whether events wait for a seal longer than they should."""
    # Before the database is looked at: a seal is stored before its line is written, so what the lines name is there.
    own = _lines_of(anchors.place(work))
    kept = _lines_of(anchor) if anchor is not None else None
    faults: list[Fault] = []
    chains = Verdict(0, 0, 0, ())

    def verify() -> Iterator[Fault]:
        nonlocal chains
        chains = audit.verify(work)
        yield from chains.faults

    parts: tuple[tuple[str, Callable[[], Iterator[Fault]]], ...] = (
        ("database", lambda: _pages(work)),
        ("event", verify),
        ("unsealed", lambda: _tail(work, now)),
        ("anchor", lambda: _anchored(work, anchors.place(work), own)),
        ("outside", lambda: _anchored(work, anchor, kept, "outside") if anchor is not None else iter(())),
        ("case", lambda: _outcomes(work)),
        ("erased", lambda: _erased(work)),
        ("document", lambda: _papers(work)),
        ("file", lambda: _files(work)),
        ("reveal", lambda: _looks(work)),
        ("sealed", lambda: _sealed(work)),
    )
    for where, part in parts:
        try:
            faults += part()
        except Exception as error:  # damage shows as any kind of error; the other parts are looked at all the same
            work.session.rollback()
            kind = type(error).__name__
            zh = f"读不出来，数据库的这一部分损坏了（{kind}）"
            faults.append(Fault(where, zh, f"cannot be read: this part of the database is damaged ({kind})"))
    return Verdict(chains.events, chains.chains, chains.seals, tuple(faults))


def unsealed(work: Work) -> int:
    """Events that no seal covers yet."""
    without = select(func.count()).select_from(Event).outerjoin(SealedEvent, SealedEvent.event_id == Event.id)
    return work.session.scalar(without.where(SealedEvent.event_id.is_(None))) or 0


def _pages(work: Work) -> Iterator[Fault]:
    if work.dialect != "sqlite":  # PostgreSQL says it when a page is read
        return
    for row in work.session.connection().exec_driver_sql("PRAGMA integrity_check(20)"):
        if row[0] != "ok":
            yield Fault("database", f"数据库文件损坏：{row[0]}", f"the file of the database is damaged: {row[0]}")


def _tail(work: Work, now: datetime | None) -> Iterator[Fault]:
    without = select(func.count(), func.min(Event.at)).select_from(Event)
    count, oldest = work.session.execute(
        without.outerjoin(SealedEvent, SealedEvent.event_id == Event.id).where(SealedEvent.event_id.is_(None))
    ).one()
    if now is not None and oldest is not None and oldest < now - OVERDUE:
        zh = f"{count} 条事件没有封存，最早的从 {oldest:%Y-%m-%d %H:%M} UTC 起：后台进程没有在跑，或封存被拿掉了"
        en = f"{count} events have no seal, since {oldest:%Y-%m-%d %H:%M} UTC: no worker runs, or a seal was taken away"
        yield Fault("unsealed", zh, en)


def _lines_of(file: Path) -> list[anchors.Line] | None:
    try:
        return anchors.read(file)
    except OSError:
        return None


def _anchored(work: Work, file: Path, lines: list[anchors.Line] | None, name: str = "anchor") -> Iterator[Fault]:
    seals = {row[0]: row[1] for row in work.session.execute(select(Seal.id, Seal.hash))}
    if lines is None:
        if seals:
            zh = f"锚定文件 {file.name} 不见了（升级后第一次请先运行 yizhan audit seal）"
            en = f"the anchor {file.name} is gone (after an update, run `yizhan audit seal` once)"
            yield Fault(name, zh, en)
        return
    lost = _restores(work)
    for line in lines:
        if not line.good:
            yield Fault(f"{name}:{line.n}", "锚定文件的这一行被改动", "this line of the anchor was changed")
        elif line.at is not None and any(since < line.at < until for since, until in lost):
            continue  # made after the backup and before its restore: gone with what was lost then
        elif line.seal not in seals:
            yield Fault(f"seal:{line.seal}", "封存不见了，锚定文件里有", "the seal is gone; the anchor has it")
        elif seals[line.seal] != line.hash:
            yield Fault(f"seal:{line.seal}", "封存与锚定文件不符", "the seal is not what the anchor says")


def _restores(work: Work) -> list[tuple[datetime, datetime]]:
    """From when until when what the hall did was lost: from a backup to its restore."""
    rows = work.session.execute(select(Event.facts, Event.at).where(Event.kind == audit.Kind.RESTORED.value))
    return [(datetime.fromisoformat(facts["backed_up_at"]), at) for facts, at in rows]


def _outcomes(work: Work) -> Iterator[Fault]:
    finished: dict[int, str] = {}
    told: dict[int, set[str]] = {}
    for case_id, kind, facts in work.session.execute(
        select(Event.case_id, Event.kind, Event.facts).where(Event.case_id.is_not(None)).order_by(Event.id)
    ):
        if kind == audit.Kind.CASE_FINISHED:
            finished[case_id] = str(facts.get("outcome"))
        if kind == audit.Kind.CASE_DECLINED:
            told.setdefault(case_id, set()).add("declined")
        elif "outcome" in facts:
            told.setdefault(case_id, set()).add(str(facts["outcome"]))
    for case_id, status, outcome in work.session.execute(select(Case.id, Case.status, Case.outcome)):
        if status == "finished":
            fits = finished.get(case_id) == outcome
        elif status in ENDED:
            fits = case_id not in finished and outcome == ENDED[status]
        else:
            fits = case_id not in finished and (not outcome or outcome in told.get(case_id, ()))
        if not fits:
            zh = f"办件的状态或结果（{status}，{outcome or '无'}）与审计不符"
            en = f"its status or outcome ({status}, {outcome or 'none'}) is not what the audit says"
            yield Fault(f"case:{case_id}", zh, en)


def _erased(work: Work) -> Iterator[Fault]:
    """What was erased was erased by the hall: a case says so if, and only if, the audit does."""
    of_audit = select(Event.case_id).where(Event.kind == audit.Kind.CASE_ERASED)
    told = {id for id in work.session.scalars(of_audit) if id is not None}
    is_so = set(work.session.scalars(select(Case.id).where(Case.erased_at.is_not(None))))
    for id in sorted(is_so - told):
        yield Fault(f"case:{id}", "办件说已清除，审计没有", "it says that it was erased, and no event does")
    for id in sorted(told - is_so):
        yield Fault(f"case:{id}", "审计说已清除，办件没有", "an event says that it was erased, and it does not")


def _papers(work: Work) -> Iterator[Fault]:
    made: dict[int, str] = {}
    void: set[int] = set()
    kinds = (audit.Kind.DOCUMENT_RENDERED.value, audit.Kind.DOCUMENT_VOIDED.value)
    for kind, facts in work.session.execute(select(Event.kind, Event.facts).where(Event.kind.in_(kinds))):
        if kind == audit.Kind.DOCUMENT_RENDERED:
            made[facts["document"]] = facts["sha256"]
        else:
            void.add(facts["document"])
    rows = work.session.execute(
        select(Document.id, Document.state, Document.sha256, File.sha256).outerjoin(File, File.id == Document.file_id)
    )
    for id, state, sha, kept in rows:
        was = made.pop(id, None)
        forgotten = state == "void" and kept is None  # its time was over: the hash stays, the file is gone
        if sha != was or (kept != sha and not forgotten):
            yield Fault(f"document:{id}", "文书的哈希与审计不符", "the hash of the paper is not what the audit says")
        if (state == "void") != (id in void):
            yield Fault(f"document:{id}", "文书的作废与审计不符", "whether it is void is not what the audit says")
    for id in made:
        yield Fault(f"document:{id}", "文书不见了", "the paper is gone")


def _files(work: Work) -> Iterator[Fault]:
    seen: set[str] = set()
    for row in work.session.scalars(select(File).order_by(File.id)):
        if row.sha256 in seen:
            continue
        seen.add(row.sha256)
        try:
            files.read(work, row)
        except NotFound as error:
            with work.database.reading() as fresh:  # erased while we looked
                if fresh.session.get(File, row.id) is None:
                    continue
            yield Fault(f"file:{row.id}", error.zh, error.en)
        except Exception as error:  # whatever is wrong with what lies there, it is not what was stored
            kind = type(error).__name__
            yield Fault(f"file:{row.id}", f"文件被改动，打不开（{kind}）", f"it was changed and does not open ({kind})")


def _looks(work: Work) -> Iterator[Fault]:
    """Each look behind a mask has its event and the other way round; a list that was taken out, of a register or of
    bookings, has one event for all its rows."""
    looked: Counter[tuple[object, ...]] = Counter()
    lists: set[tuple[object, ...]] = set()
    kinds = (audit.Kind.REVEALED.value, audit.Kind.REGISTER_READ.value, audit.Kind.BOOKINGS_SETTLED.value)
    for event in work.session.scalars(select(Event).where(Event.kind.in_(kinds))):
        if event.kind == audit.Kind.REVEALED:
            looked[(event.by_id, event.case_id, event.facts.get("entry"), event.facts.get("field"), event.at)] += 1
        else:
            lists.add((event.kind, event.by_id, event.at))
    rows = select(Reveal.id, Reveal.by_id, Reveal.case_id, Reveal.entry_id, Reveal.field, Reveal.at)
    for id, by, case, entry, field, at in work.session.execute(rows):
        one = (by, case, entry, field, at)
        if looked[one] > 0:
            looked[one] -= 1
            continue
        list_of = audit.Kind.BOOKINGS_SETTLED if field.startswith(BOOKING) else audit.Kind.REGISTER_READ
        of_list = entry is not None or field.startswith(BOOKING)
        if not of_list or (list_of.value, by, at) not in lists:
            yield Fault(f"reveal:{id}", "查看记录没有审计，或被改动", "no event says so, or it was changed")
    for gone in looked.elements():
        yield Fault(f"reveal:{gone[0]}", f"用户 {gone[0]} 的一条查看记录不见了", f"a look by user {gone[0]} is gone")


def _sealed(work: Work) -> Iterator[Fault]:
    """Every sealed value opens with the hall's key and is what was sealed."""
    for table in Base.metadata.sorted_tables:
        columns = sealed_columns(table)
        if not columns:
            continue
        key = list(table.primary_key.columns)
        for row in work.session.execute(select(*key, *as_stored(columns)).execution_options(yield_per=1000)):
            for column, value in zip(columns, row[len(key) :], strict=True):
                try:
                    column.type.process_result_value(value, work.session.get_bind().dialect)  # type: ignore[attr-defined]
                except Exception:  # any bytes may lie there, and each reader of them fails in its own way
                    where = f"{table.name}:{'-'.join(str(k) for k in row[: len(key)])}"
                    zh, en = f"加密的 {column.name} 打不开，被改动了", f"the sealed {column.name} does not open"
                    yield Fault(where, zh, en)
