"""委托书: what an agent has signed before they act for somebody (民法典 165): what, until when, by whose hand.

A matter whose diagram has steps of its own for it says so in `mandate` of matter.yaml (`bpmn/daiban`). In every other
that an agent may file the hall asks it: these fields stand after those of the application form, on the agent's way in
alone. So there is no matter in which an agent acts unsigned, and none has to declare anything for it.

A law may let a village ask for somebody without one (临时救助): `agent_basis` names it, and the form asks on which of
the two the application stands. What was found by the village gives its agent no authority: they handed it in, no more.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from engine import forms
from engine.errors import FieldError, Invalid
from engine.forms import signing, written
from engine.matters.info import Matter
from engine.matters.package import Package
from engine.matters.taking_part import Mandate
from engine.plain import dig

#: Under which name the answers to the hall's own fields stand.
KEY = "mandate"
#: Where the hall's own fields say what a matter's `mandate` says elsewhere.
HALL = Mandate(
    until=f"{KEY}.until", signature=f"{KEY}.signature", acts=f'=list contains({KEY}.scope, "correct")', ends=""
)
GROUND = f"{KEY}.ground"
#: What `ground` says of an application that the village makes of its own.
FOUND = "found"


def of(info: Matter) -> Mandate:
    """Where the answers hold the mandate: as the matter declares, else in the hall's own fields."""
    return info.mandate or HALL


def asked_by_hall(info: Matter) -> bool:
    """Whether the hall asks for it, for no step of the matter's does."""
    return info.mandate is None


def given(info: Matter, answers: Mapping[str, Any]) -> bool:
    """Whether the answers hold it: signed, or marked by a finger before a witness."""
    if dig(answers, of(info).signature):
        return True
    return asked_by_hall(info) and bool(dig(answers, f"{KEY}.mark") and dig(answers, f"{KEY}.witness"))


def signature(info: Matter, answers: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What stands on the paper where the principal signed: their hand; of who does not write, the finger's mark, bound
    to the same answers, with who saw it."""
    given_ = dig(answers, f"{KEY}.signature")
    if isinstance(given_, Mapping):
        return dict(given_)
    mark, witness = dig(answers, f"{KEY}.mark"), dig(answers, f"{KEY}.witness")
    bound = signing.signed("", answers, _signs(info.who.name, info.who.id_number), now)
    return {**bound, "print": str(mark[0]), "in_person": {"how": "fingerprint", "witness": str(witness)}}


def scope(answers: Mapping[str, Any]) -> list[str]:
    """What the agent may do, in the words of the form."""
    chosen = dig(answers, f"{KEY}.scope") or []
    (asked,) = (one for one in _fields().schema["components"] if one.get("key") == f"{KEY}.scope")
    return [one["label"] for one in asked["values"] if one["value"] in chosen]


def another_witnesses(answers: Mapping[str, Any], agent: str) -> None:
    """Raises Invalid where the agent witnesses the finger's mark by which they themselves are let act."""
    witness = dig(answers, f"{KEY}.witness")
    if witness and written.name(str(witness)) == written.name(agent):
        zh = "见证人不能是代办员自己，请写在场的另一个人。"
        en = "The witness must be somebody else than the agent."
        raise Invalid([FieldError(f"{KEY}.witness", "见证人姓名", zh, en)])


def found_by_village(info: Matter, answers: Mapping[str, Any]) -> bool:
    """Whether the village asks of its own, by the law that the matter names."""
    return bool(info.agent_basis) and dig(answers, GROUND) == FOUND


def part(package: Package) -> forms.Form:
    """The hall's fields alone, for a case that was taken in already: it is to be signed."""
    return _read(_components(package.info, grounds=False), KEY)


def application(package: Package, channel: str, *, signed_later: bool = False) -> forms.Form:
    """The application form as it is asked on this way in."""
    form = package.form(package.info.apply.form)
    return form if signed_later else on_way_in(form, package.info, channel)


def on_way_in(form: forms.Form, info: Matter | None, channel: str) -> forms.Form:
    """An application form with the hall's fields after it, where an agent files. info: None of a matter.yaml that has
    a fault, which might ask them all."""
    if channel != "agent" or info is not None and not asked_by_hall(info):
        return form
    return _joined(form, _components(info, grounds=info is None or bool(info.agent_basis)))


def at_counter(package: Package) -> forms.Form:
    """The application form of a counter's page, where the way in is chosen beside it: the hall's fields are shown when
    the page's own answer `channel` says agent."""
    form = package.form(package.info.apply.form)
    if not package.info.agent or not asked_by_hall(package.info):
        return form
    asked = _components(package.info, grounds=bool(package.info.agent_basis))
    for one in asked:
        _hide(one, 'channel != "agent"')
    return _joined(form, asked)


def _components(info: Matter | None, *, grounds: bool) -> list[dict[str, Any]]:
    """What is signed is bound to who signs and to what they let the agent do. grounds: it is asked on what the agent
    stands, and nobody signs for what the village found."""
    whose = (info.who.name, info.who.id_number) if info is not None else ()
    found: list[dict[str, Any]] = copy.deepcopy(list(_fields().schema["components"]))
    if not grounds:
        found = [one for one in found if one.get("key") != GROUND]
    for one in found:
        if grounds and one.get("key") not in (None, GROUND):
            _hide(one, f'{GROUND} = "{FOUND}"')
        if (one.get("properties") or {}).get("check") == "signature":
            one["properties"]["signs"] = ",".join(_signs(*whose))
    return found


def _signs(*whose: str | None) -> list[str]:
    """What the signature is bound to: who signs, and what they let the agent do until when."""
    return [path for path in (*whose, f"{KEY}.scope", f"{KEY}.until") if path]


def _hide(one: dict[str, Any], where: str) -> None:
    before = (one.get("conditional") or {}).get("hide", "").removeprefix("=")
    one["conditional"] = {"hide": f"={where}" + (f" or {before}" if before else "")}


def _joined(form: forms.Form, after: list[dict[str, Any]]) -> forms.Form:
    return _read([*copy.deepcopy(list(form.schema["components"])), *after], form.id, form.schema)


def _read(components: list[dict[str, Any]], form_id: str, like: Mapping[str, Any] | None = None) -> forms.Form:
    schema = {**(like or {"type": "default", "schemaVersion": 19, "id": form_id}), "components": components}
    return forms.load(json.dumps(schema, ensure_ascii=False), form_id)


@functools.cache
def _fields() -> forms.Form:
    return forms.load(Path(__file__).with_name("data").joinpath("mandate.form").read_bytes(), KEY)
