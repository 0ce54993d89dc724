"""Consent is asked on every way in, of every matter that asks it, and kept with the sentence; below fourteen it is the
guardian's. Made from the matters themselves: a new one is walked the day it is published."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from engine import matters, people
from engine.commands import cases
from engine.commands.cases import consent
from engine.errors import Invalid
from engine.people import holders
from engine.records import library
from engine.store.models import Case, Consent
from tests.cast import DAIBAN, ROOT
from tests.hall import Open

#: Of a child of ten (GB 11643), on the day of the tests.
CHILD = "350526201605120019"


def asking() -> dict[str, Any]:
    """Every matter of ours that asks a consent."""
    names = sorted(file.parent.name for file in (ROOT / "bpmn").glob("*/matter.yaml"))
    found = {name: matters.load(ROOT, name) for name in names}
    return {name: package for name, package in found.items() if package.info.apply.consent}


ASKING = asking()
WAYS = {
    "page": ("online",),
    "program": ("online",),
    "counter": ("counter", "phone"),
    "counter program": ("counter", "phone"),
}


#: Walked in every run; all of them in the wide gate (to publish one reads all its drawings).
DAILY = ("daiban", "jieren")


def _sent(hall: Open, way: str, name: str) -> Any:
    """An application that says nothing of consent."""
    body = {"matter": name, "answers": {}, "key": f"{way}-{name}"}
    if way == "page":
        return hall.client("zhang").post(f"/apply/{name}", json={"answers": {}})
    if way == "counter":
        return hall.client("chen").post(f"/desk/window/{name}", json={"answers": {}})
    return hall.program("zhang" if way == "program" else "chen")("POST", "/cases", body)


@pytest.mark.parametrize("names", [DAILY, pytest.param(tuple(ASKING), marks=pytest.mark.wide)], ids=["few", "all"])
def test_without_consent_nothing_gets_in_by_any_way(hall: Open, names: tuple[str, ...]):
    with hall.database.unit_of_work() as work:
        for name in names:
            library.publish(work, ASKING[name], by=people.SYSTEM, now=hall.clock())
        holders.forget(work)
    walked = 0
    for name in names:
        package = ASKING[name]
        for way, channels in WAYS.items():
            if not set(channels) & set(package.info.apply.channels):
                continue
            answer = _sent(hall, way, name)
            fields = {one["field"] for one in (answer.get_json(silent=True) or {}).get("fields", [])}
            assert answer.status_code == 422 and fields == {"consent"}, (name, way, answer.status_code, fields)
            walked += 1
    assert walked >= 3 * len(names) - 4
    with hall.database.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(Case)) == 0


def test_below_fourteen_it_is_the_guardians(hall: Open):
    with hall.database.reading() as work:
        for name, package in ASKING.items():
            for by in (hall.cast.zhang, hall.cast.chen):
                with pytest.raises(Invalid) as refused:
                    consent.ask(work, package, True, CHILD, by=by, now=hall.clock())
                assert "监护人" in refused.value.fields[0].zh and set(refused.value.by_field()) == {"consent"}, name


def test_with_consent_the_sentence_is_kept_with_its_case(hall: Open):
    """At a counter under the applicant's account if they have one, else under the clerk's, who heard it."""
    with hall.database.unit_of_work() as work:
        online = cases.apply_online(work, "daiban", DAIBAN, consent=True, by=hall.cast.zhang, now=hall.clock())
        counter = cases.receive(work, "daiban", DAIBAN, consent=True, by=hall.cast.chen, now=hall.clock())
        ids = {online.case.id, counter.case.id}
    with hall.database.reading() as work:
        kept = work.session.scalars(select(Consent).order_by(Consent.id)).all()
        assert {row.case_id for row in kept} == ids
        assert {row.text for row in kept} == {ASKING["daiban"].info.apply.consent}
        assert [row.facts.get("taken_down_by") for row in kept] == [None, hall.cast.chen.id]
