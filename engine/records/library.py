"""Published matters: every version ever used is kept; running cases stay on theirs."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from datetime import datetime
from functools import cache
from typing import TypeVar

from sqlalchemy import Select, bindparam, select

from engine import matters
from engine.errors import NotFound
from engine.findings import Finding
from engine.matters import organs
from engine.matters.nouns import Declared
from engine.matters.schema import Part
from engine.people import Actor, units
from engine.records import audit, schedules
from engine.store import Work
from engine.store.models import MatterVersion

What = TypeVar("What", bound=Part)

log = logging.getLogger("yizhan.library")

#: How many packages a process keeps ready.
KEPT = 200

#: What a transaction remembers of what is published: forgotten when it publishes or withdraws.
_PUBLISHED = "published matters"

_packages: OrderedDict[str, matters.Package] = OrderedDict()
_lock = threading.Lock()


def publish(
    work: Work, package: matters.Package, *, by: Actor, now: datetime, note: str = "", studio: bool = False
) -> bool:
    """Make this version the one new cases get; whether anything changed. Cases that run keep their version. studio: it
    was made there, and the content folder's older one does not come back with the next start."""
    current = work.session.scalar(
        select(MatterVersion).where(MatterVersion.matter == package.name, MatterVersion.current)
    )
    if current is not None and current.hash == package.version:
        return False
    _ = package.definition  # a diagram that cannot run is refused here
    must_seal(work, package)
    if current is not None:
        current.current = False
        work.session.flush()
    work.session.info.pop(_PUBLISHED, None)
    known = work.session.get(MatterVersion, package.version)
    if known is not None:
        known.current, known.from_studio, known.taken_off = True, studio, False
    else:
        work.session.add(
            MatterVersion(
                hash=package.version,
                matter=package.name,
                code=package.info.code,
                name=package.info.name,
                content=package.to_zip(),
                published_at=now,
                published_by_id=by.id,
                note=note,
                current=True,
                from_studio=studio,
            )
        )
    work.session.flush()
    audit.record(
        work,
        audit.Kind.MATTER_PUBLISHED,
        by=by,
        now=now,
        facts={
            "matter": package.name,
            "version": package.version,
            "before": current.hash if current else None,
            "note": note,
        },
    )
    schedules.follow(work, package, now=now)
    _keep(package)
    return True


def must_seal(work: Work, package: matters.Package) -> None:
    """BadMatter when a unit without a seal would sign: better said when it is published than to a clerk at noon."""
    tree = units.tree(work)
    short = {one.code.rpartition("-")[2]: bool(one.seal_name) for one in tree if "-" in one.code}
    sealed = short | {one.code: bool(one.seal_name) for one in tree}
    file = f"bpmn/{package.name}/matter.yaml"
    faults = [
        Finding(
            file,
            f"organs.{name}",
            "",
            0,
            "organ-without-seal",
            "error",
            f"署名机关“{name}”是单位“{code}”，它没有登记印章，不能署名。请写有印章的单位，或者先登记它的法定名称。",
            (
                f"The organ {name!r} is the unit {code}, which has no seal. Name a unit with one, or register its "
                "legal name."
            ),
        )
        for name, code in organs.unsealed(package.info.organs, sealed)
    ]
    if faults:
        raise matters.BadMatter(package.name, faults)


def version(work: Work, hash: str) -> matters.Package:
    """The package of a version, from memory or from the store."""
    with _lock:
        found = _packages.get(hash)
        if found is not None:
            _packages.move_to_end(hash)
            return found
    row = work.session.execute(
        select(MatterVersion.matter, MatterVersion.content).where(MatterVersion.hash == hash)
    ).one_or_none()
    if row is None:
        raise NotFound("找不到这个办件的事项版本。", f"There is no matter version {hash[:12]}.")
    package = matters.from_zip(row[0], row[1])
    _keep(package)
    return package


@cache
def _current() -> Select[str]:
    """Built once: to put it together costs more than to execute it."""
    return select(MatterVersion.hash).where(MatterVersion.matter == bindparam("matter"), MatterVersion.current)


def current(work: Work, matter: str) -> matters.Package:
    """The version new cases of this matter get."""
    hash = work.session.scalar(_current(), {"matter": matter})
    if hash is None:
        raise NotFound(f"没有事项“{matter}”，或它还没有发布。", f"There is no published matter {matter!r}.")
    return version(work, hash)


def known(work: Work, matter: str) -> bool:
    """Whether there is, or was, a matter of this name."""
    return work.session.scalar(select(MatterVersion.hash).where(MatterVersion.matter == matter).limit(1)) is not None


def published(work: Work) -> list[matters.Package]:
    """Every matter as published now, by code. Asked once a transaction: a page asks for each noun if there is any."""
    known: list[str] | None = work.session.info.get(_PUBLISHED)
    if known is None:
        query = select(MatterVersion.hash).where(MatterVersion.current).order_by(MatterVersion.code)
        known = work.session.info[_PUBLISHED] = list(work.session.scalars(query))
    found = []
    for one in known:
        try:
            found.append(version(work, one))
        except matters.BadMatter as bad:
            # A version that this program cannot read any more: the others are offered all the same. The cases on it are
            # refused one by one, in the same words.
            log.error("the published version %s cannot be read: %s", one[:12], bad.en)
    return found


def declared(work: Work, kind: str) -> dict[str, tuple[Declared, matters.Package]]:
    """Every declaration of a kind (registers, offers …) in the matters published now, by its key, with the matter that
    has it; of a shared one, the first matter by code that uses it."""
    found: dict[str, tuple[Declared, matters.Package]] = {}
    for package in published(work):
        for one in package.declared(kind).values():
            found.setdefault(one.key, (one, package))
    return found


def of_kind(work: Work, kind: str, model: type[What]) -> dict[str, tuple[What, matters.Package]]:
    """The same, each as what it declares: `of_kind(work, "offers", Offer)`."""
    found = {}
    for key, (one, package) in declared(work, kind).items():
        if not isinstance(one.what, model):
            raise TypeError(f"Expected {kind} of {model.__name__}, but {key} is a {type(one.what).__name__}")
        found[key] = (one.what, package)
    return found


def opened_by(work: Work, what: str) -> matters.Package:
    """The published matter that this opens by itself (matter.yaml opened_by). NotFound says what is missing."""
    for package in published(work):
        if package.info.opened_by == what and package.info.published:
            return package
    raise NotFound(
        f"没有已发布的事项写着 opened_by: {what}。请发布承接它的事项。",
        f"Expected a published matter with opened_by: {what}, but there is none. Publish the one that takes it on.",
    )


def behind(work: Work, door: str) -> matters.Package | None:
    """The published matter behind a door of the hall (matter.yaml door); None: the door leads to no matter here."""
    return next((p for p in published(work) if p.info.door == door and p.info.published), None)


def withdraw(work: Work, matter: str, *, by: Actor, now: datetime, note: str = "", studio: bool = False) -> bool:
    """Take a matter off for new cases; whether it was there. Running cases go on, and it may come back. studio: it is
    taken off by hand, and does not come back with the next start."""
    current = work.session.scalar(select(MatterVersion).where(MatterVersion.matter == matter, MatterVersion.current))
    if current is None:
        return False
    current.current, current.taken_off = False, studio
    work.session.info.pop(_PUBLISHED, None)
    work.session.flush()
    facts = {"matter": matter, "version": current.hash, "note": note}
    audit.record(work, audit.Kind.MATTER_WITHDRAWN, by=by, now=now, facts=facts)
    schedules.stop(work, matter)
    return True


def _keep(package: matters.Package) -> None:
    with _lock:
        _packages[package.version] = package
        while len(_packages) > KEPT:
            _packages.popitem(last=False)
