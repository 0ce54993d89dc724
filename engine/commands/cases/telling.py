"""What somebody says to a running case: a tell of its matter (matter.yaml `tells`), checked and sent as its message.

Refusing, objecting, moving a meeting, taking back a mandate: none of them is a verb of its own. The matter declares
who may say it, what is asked with it and which message of the diagram it is; what follows is the diagram's.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine import forms
from engine.commands.applying import Done
from engine.commands.cases.finding import find_case, package_of
from engine.commands.cases.inputs import deliver
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.matters import Package
from engine.matters.taking_part import Asked, Tell
from engine.people import Actor, may
from engine.reads import taking_part
from engine.store import Work
from engine.store.models import Case
from engine.workdays import ZONE


def tell(
    work: Work,
    case_id: int,
    name: str,
    answers: Mapping[str, Any] | None = None,
    *,
    party: str = "",
    sure: bool = False,
    by: Actor,
    now: datetime,
) -> Done:
    """Say this to the case. `answers`: what is asked, by its path. `party`: the name of the party who said it, when
    a clerk writes it down for them. `sure`: they were asked once more, where the tell says so, and said yes.

    Raises NotFound for a case one may not see or a tell its matter does not have, NotYours for who may not say it,
    Invalid by the field for a party who is none and for an answer that is missing, NotNow when the case does not wait
    for it.
    """
    case = find_case(work, case_id)
    if not may(by, "see", case):
        raise NotFound("没有这个办件，或您不能查看。", f"There is no case {case_id} you may see.")
    package = package_of(work, case)
    said = package.info.tells.get(name)
    if said is None:
        known = ", ".join(package.info.tells) or "none"
        raise NotFound(
            "这个事项没有这样的话可说。", f"Expected one of {known}, but there is no {name!r} in this matter."
        )
    speaker = _speaker(work, package, case, said, party.strip(), by)
    waits = taking_part.waits(work, case, said)
    if waits is None or case.status not in ("running", "suspended"):
        raise NotNow(
            f"现在不能“{said.words}”：办件没有在等这句话。",
            f"Expected a case that waits to be told “{said.words_en}”, but it does not wait for it now.",
        )
    variables = _variables(work, case, said, speaker, answers or {}, sure)
    done = deliver(work, case.id, said.message, variables, key=waits.correlation, by=by, now=now)
    assert done is not None  # it waits: looked above, in this transaction, on a locked case
    return done


def _speaker(work: Work, package: Package, case: Case, said: Tell, party: str, by: Actor) -> str:
    """Under whose name it is said."""
    if party:
        known = taking_part.spoken_for(work, package, case, said, by)
        if not known:
            raise NotYours(
                "您不能替当事人说这句话。请由本人在手机上说，或者由承办的工作人员登记。",
                "You may not say this for a party. They say it themselves, or those who handle the case write it down.",
            )
        if party not in known:
            raise Invalid(
                [
                    FieldError(
                        "party",
                        "谁说的",
                        f"“{party}”不是本案当事人。请选：{'、'.join(known)}。",
                        f"{party} is no party of this case. Choose one of {', '.join(known)}.",
                    )
                ]
            )
        return party
    own = taking_part.own_name(work, package, case, said, by)
    if own is not None:
        return own
    if taking_part.spoken_for(work, package, case, said, by):
        raise Invalid([FieldError("party", "谁说的", "请选是谁说的。", "Choose who said it.")])
    raise NotYours(f"您不能“{said.words}”。", f"You may not say “{said.words_en}” in this case.")


def _variables(
    work: Work, case: Case, said: Tell, speaker: str, answers: Mapping[str, Any], sure: bool
) -> dict[str, Any]:
    """What the message carries: who said it, and what was asked, each where the matter says."""
    known = dict(case.answers or {})
    given: dict[str, Any] = {}
    wrong: list[FieldError] = []
    if said.teller:
        _put(given, known, said.teller, speaker)
    for path, asked in said.asks.items():
        raw = str(answers.get(path) if answers.get(path) is not None else "").strip()
        if not raw and asked.keep and forms.dig(known, path) not in (None, ""):
            _put(given, known, path, forms.dig(known, path))
            continue
        try:
            value = _answer(asked, raw, taking_part.options_of(work, case, said, path))
        except ValueError:
            wrong.append(_missing(path, asked, raw))
        else:
            _put(given, known, path, value)
    if unknown := sorted(set(answers) - set(said.asks)):
        wrong.append(FieldError(unknown[0], unknown[0], "没有问这一项。", "This is not asked."))
    if said.sure and not sure:
        zh = f"说了“{said.words}”就会照办，不能随手收回。请勾选“我确定”再发。"
        en = f"Saying “{said.words_en}” is acted on and not easily undone. Say that you are sure."
        wrong.append(FieldError("sure", "我确定", zh, en))
    if wrong:
        raise Invalid(wrong)
    return given


def _answer(asked: Asked, raw: str, options: list[tuple[str, str]]) -> str | int:
    """The answer as it is kept: of a choice the value, also where its words were sent. ValueError: it is missing, too
    long, or none of the options."""
    if not raw:
        if asked.required:
            raise ValueError
        return raw
    if asked.kind == "number":
        if not (raw.isascii() and raw.isdecimal() and len(raw) <= 9):
            raise ValueError
        return int(raw)
    if asked.kind == "moment":
        at = datetime.fromisoformat(raw)
        return (at.astimezone(ZONE) if at.tzinfo else at).strftime("%Y-%m-%dT%H:%M")
    if asked.kind == "choice":
        found = [value for value, words in options if raw in (value, words)]
        if not found:
            raise ValueError
        return found[0]
    if len(raw) > asked.most:
        raise ValueError
    return raw


def _missing(path: str, asked: Asked, raw: str) -> FieldError:
    zh = {
        "text": f"请写“{asked.title}”，不超过 {asked.most} 字。",
        "number": f"“{asked.title}”请填数字，例如 120。",
        "moment": f"请选“{asked.title}”。",
        "choice": f"请选“{asked.title}”里的一项。",
    }
    en = asked.title_en or asked.title
    said = (
        f"Expected {'at most ' + str(asked.most) + ' characters' if asked.kind == 'text' else 'an answer'} for {en}, "
    )
    return FieldError(
        path, asked.title, zh[asked.kind], said + (f"but it is {raw[:40]!r}." if raw else "but it is empty.")
    )


def _put(given: dict[str, Any], known: Mapping[str, Any], path: str, value: Any) -> None:
    """At the path, beside what stands there already."""
    head, *rest = path.split(".")
    if not rest:
        given[head] = value
        return
    if head not in given:
        before = known.get(head)
        given[head] = copy.deepcopy(dict(before)) if isinstance(before, Mapping) else {}
    place = given[head]
    for part in rest[:-1]:
        inner = place.get(part)
        place[part] = dict(inner) if isinstance(inner, Mapping) else {}
        place = place[part]
    place[rest[-1]] = value
