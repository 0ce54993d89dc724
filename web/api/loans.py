"""Loans: what can be borrowed, one's own, reserving and renewing; lending and taking back for a desk."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from engine.commands import loans
from engine.reads import loans as reads
from web import edge
from web.api.declaring import Shape, operation


class LoanShelfOut(Shape):
    key: str
    title: str
    title_en: str
    days: int
    renew: int
    limit: int


class TitleOut(Shape):
    title: str  # by which one reserves
    name: str
    copies: int
    free: int
    queue: int


class CatalogueQuery(Shape):
    q: str = Field("", max_length=80)


class LoanOut(Shape):
    id: int
    version: int
    key: str
    name: str
    whose: str  # "" when it is the caller's own
    due: date
    late: int
    renewed: int
    may_renew: bool


class HoldOut(Shape):
    id: int
    key: str
    title: str
    name: str
    whose: str
    ready: bool
    until: date | None
    before: int


class MyLoansOut(Shape):
    loans: list[LoanOut]
    waiting: list[HoldOut]


class ReserveIn(Shape):
    title: str = Field(max_length=80)
    bond: int | None = Field(None, description="The bond by which the caller reserves for somebody else.")


class VersionIn(Shape):
    version: int


class LendIn(Shape):
    copy_code: str = Field(max_length=80)
    reader: str = Field("", max_length=80)  # card, telephone or identity number: of one person
    bond: int | None = Field(None, description="The bond by which somebody fetches it for another; then no reader.")


class BackIn(Shape):
    copy_code: str = Field(max_length=80)


class DeskOut(Shape):
    name: str
    due: date | None
    kept: bool  # put aside for somebody who reserved it


@operation("get", "/loans", who="anyone", tag="loans", gives=list[LoanShelfOut])
def loan_shelves() -> list[LoanShelfOut]:
    """What can be borrowed."""
    return [
        LoanShelfOut(key=s.key, title=s.title, title_en=s.title_en, days=s.days, renew=s.renew, limit=s.limit)
        for s in reads.shelves(edge.work())
    ]


@operation("get", "/loans/{key}/titles", who="anyone", tag="loans", query=CatalogueQuery, gives=list[TitleOut])
def loan_titles(key: str, query: CatalogueQuery) -> list[TitleOut]:
    """Titles of a catalogue in which every word stands, thirty at most."""
    return [
        TitleOut(title=t.title, name=t.name, copies=t.copies, free=t.free, queue=t.queue)
        for t in reads.catalogue(edge.work(), key, query.q)[1]
    ]


def _mine() -> MyLoansOut:
    own, wanted = reads.mine(edge.work(), edge.actor(), now=edge.now())
    return MyLoansOut(
        loans=[
            LoanOut(
                id=o.id,
                version=o.version,
                key=o.key,
                name=o.name,
                whose=o.whose,
                due=o.due,
                late=o.late,
                renewed=o.renewed,
                may_renew=o.may_renew,
            )
            for o in own
        ],
        waiting=[
            HoldOut(
                id=w.id,
                key=w.key,
                title=w.title,
                name=w.name,
                whose=w.whose,
                ready=w.ready,
                until=w.until,
                before=w.before,
            )
            for w in wanted
        ],
    )


@operation("get", "/my-loans", who="resident", tag="loans", gives=MyLoansOut)
def my_loans() -> MyLoansOut:
    """What the caller has and waits for, and for whom they asked by a bond: `whose` is not empty then."""
    return _mine()


@operation("post", "/loans/{key}/reserve", who="resident", tag="loans", takes=ReserveIn, gives=MyLoansOut)
def reserve_title(key: str, body: ReserveIn) -> MyLoansOut:
    """Reserve any copy of a title. 409 says why not."""
    loans.reserve(edge.work(), key, body.title, bond_id=body.bond, by=edge.actor(), now=edge.now())
    return _mine()


@operation("post", "/my-loans/{loan_id}/renew", who="resident", tag="loans", takes=VersionIn, gives=MyLoansOut)
def renew_loan(loan_id: int, body: VersionIn) -> MyLoansOut:
    """Renew a loan as it was seen. 409 says why not."""
    loans.renew(edge.work(), loan_id, version=body.version, by=edge.actor(), now=edge.now())
    return _mine()


@operation("post", "/my-loans/waiting/{hold_id}/cancel", who="resident", tag="loans", gives=MyLoansOut)
def cancel_reservation(hold_id: int) -> MyLoansOut:
    """Give up a reservation; what was kept goes to the next."""
    loans.cancel(edge.work(), hold_id, by=edge.actor(), now=edge.now())
    return _mine()


@operation("post", "/loans/{key}/lend", who="staff", tag="loans", takes=LendIn, gives=DeskOut)
def lend_copy(key: str, body: LendIn) -> DeskOut:
    """At a desk: this copy to this person. 409 says why not; 422 names who or what is not known."""
    if body.bond is None:
        who = reads.one_reader(edge.work(), key, body.reader, edge.actor(), now=edge.now())
    else:
        who = f"b:{body.bond}"
    done = loans.lend(edge.work(), key, body.copy_code, who, by=edge.actor(), now=edge.now())
    return DeskOut(name=done.title, due=done.loan.due_on if done.loan is not None else None, kept=False)


@operation("post", "/loans/{key}/back", who="staff", tag="loans", takes=BackIn, gives=DeskOut)
def take_copy_back(key: str, body: BackIn) -> DeskOut:
    """At a desk: a copy is back."""
    done = loans.take_back(edge.work(), key, body.copy_code, by=edge.actor(), now=edge.now())
    return DeskOut(name=done.title, due=None, kept=done.kept is not None)
