"""更正: a wrong paper is voided and issued again, an applicant's name or number is corrected; each with its reason."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import forms, process
from engine.commands import organs
from engine.commands.applying import Applying, Done, env_of
from engine.commands.cases.changing import change
from engine.commands.cases.finding import find_case, needs
from engine.commands.changes import Change
from engine.errors import FieldError, Invalid, NotFound, NotNow
from engine.forms import written
from engine.forms.kinds import CHECKS, Wrong
from engine.people import Actor, require, units
from engine.people.units import Place
from engine.records import audit, documents
from engine.store import Work, keys
from engine.store.models import Case, Document, RegisterEntry
from engine.workdays import local_date

#: What of an applicant can be corrected: field -> (the case's column, what people call it, its check).
FIELDS = {
    "name": ("applicant_name", "姓名", ""),
    "id_number": ("applicant_id_number", "身份证号", "cn-id"),
    "phone": ("applicant_phone", "联系电话", "cn-phone"),
}
_INDEXES = {"name": ("name_index", "name"), "id_number": ("id_index", "id"), "phone": ("phone_index", "phone")}


def void_paper(work: Work, document_id: int, reason: str, *, by: Actor, now: datetime) -> Document:
    """作废: the paper counts no more; its number stays used, and whoever checks it is told why."""
    case, row = _found(work, document_id)
    require(by, "void", row, case=case)
    needs(reason, "reason", "作废原因")
    documents.void(work, row.id, reason, by=by, now=now)
    return row


def reissue_paper(work: Work, document_id: int, reason: str, *, by: Actor, now: datetime) -> Document:
    """作废并重新签发: the same content under a new number, with what the case says of the applicant now."""
    case, row = _found(work, document_id)
    require(by, "void", row, case=case)
    needs(reason, "reason", "重新签发的原因")
    applying = change(work, case, by=by, now=now)
    made = _again(applying, row, reason, {})
    applying.finish()
    work.session.flush()  # whoever asked reads it back
    return made


def correct_applicant(
    work: Work, case_id: int, corrected: Mapping[str, str], reason: str, *, by: Actor, now: datetime
) -> Done:
    """更正申请人: name, id_number or phone, in the case, in its answers, and on its papers, which are issued again.

    A paper that somebody signed by hand says what they signed: it stays as it is, and the change says so.
    """
    case = find_case(work, case_id)
    require(by, "direct", case)
    needs(reason, "reason", "更正原因")
    new = _checked(corrected)
    old = {field: getattr(case, FIELDS[field][0]) or "" for field in FIELDS}
    new = {field: value for field, value in new.items() if value != old[field]}
    if not new:
        raise NotNow("和原来的一样，没有要更正的。", "Expected something to correct, but all is as it was.")
    applying = change(work, case, by=by, now=now)
    for field, value in new.items():
        setattr(case, FIELDS[field][0], value)
        column, purpose = _INDEXES[field]
        setattr(case, column, keys.blind(purpose, value))
        if field == "name":
            case.surname_index = keys.blind("surname", written.surname(value))
    answers = copy.deepcopy(dict(case.answers or {}))
    heads = {_put(answers, getattr(applying.package.info.who, field), value) for field, value in new.items()}
    mended = {head: answers[head] for head in heads if head}
    if case.status in ("running", "suspended") and mended:
        env = env_of(work, now, applying.office)
        step = process.advance(applying.package.definition, case.state or b"", process.Amend(mended), now=now, env=env)
        applying.step(step)
    else:
        case.answers = answers
        applying.variables = answers
        case.version += 1
    swapped = {old[field]: value for field, value in new.items() if old[field]}
    work.session.add(
        RegisterEntry(
            register="信息更正",
            case_id=case.id,
            unit_id=case.office_id,
            facts={"reason": reason, "fields": sorted(new), "before": {f: old[f] for f in new}},
            at=now,
            by_id=by.id,
        )
    )
    applying.record(audit.Kind.APPLICANT_CORRECTED, facts={"fields": sorted(new)})
    for row in _standing(work, case):
        if not _holds(row.facts, swapped):
            continue
        if _signed(row.facts):
            applying.changes.append(Change("note", f"《{row.title}》有手写签名，内容不能改，需要的请重新签"))
            continue
        _again(applying, row, reason, swapped)
    done = applying.finish()
    work.session.flush()
    return done


def _checked(corrected: Mapping[str, str]) -> dict[str, str]:
    found, faults = {}, []
    for field, raw in corrected.items():
        if field not in FIELDS:
            raise NotFound(f"不能更正“{field}”。", f"There is no field {field!r} to correct.")
        _, label, check = FIELDS[field]
        value = str(raw or "").strip()
        if check and value:
            told = CHECKS[check](value)
            if isinstance(told, Wrong):
                faults.append(FieldError(field, label, told.zh, told.en))
                continue
            value = told
        if not value and field == "name":
            faults.append(FieldError(field, label, "请填写姓名。", "Expected a name, but it is empty."))
        found[field] = value
    if faults:
        raise Invalid(faults)
    return found


def _put(answers: dict[str, Any], path: str, value: str) -> str:
    """Write a value at a dotted path that the answers have; the first name of it, "" when they do not."""
    if not path or forms.dig(answers, path) is None:
        return ""
    *way, last = path.split(".")
    at = answers
    for name in way:
        at = at[name]
    at[last] = value
    return path.partition(".")[0]


def _found(work: Work, document_id: int) -> tuple[Case, Document]:
    row = work.session.get(Document, document_id)
    if row is None or row.case_id is None:
        raise NotFound("没有这份文书。", "There is no such document.")
    return find_case(work, row.case_id), row


def _standing(work: Work, case: Case) -> list[Document]:
    work.session.flush()
    return list(
        work.session.scalars(
            select(Document).where(Document.case_id == case.id, Document.state != "void").order_by(Document.id)
        )
    )


def _again(a: Applying, row: Document, reason: str, swapped: Mapping[str, str]) -> Document:
    """Void a paper and issue it anew, its text the same but for what is corrected."""
    facts = _swap(copy.deepcopy(row.facts), swapped)
    facts["issued_on"] = local_date(a.now).isoformat()
    before = f"{row.number}" if row.number else f"{facts.get('issued_on')}的一份"
    facts["paper"] = {"note": f"本件替代{before}，原件作废。原因：{reason}"}
    documents.void(a.work, row.id, reason, by=a.by, now=a.now)
    made = documents.issue(
        a.work,
        row.kind,
        facts,
        key=documents.again_key(row.key),
        organ=_organ(a, row),
        by=a.by,
        now=a.now,
        case=a.case,
        package=a.package,
    )
    a.documents.append(made)
    a.changes.append(Change("paper", made.title))
    return made


def _organ(a: Applying, row: Document) -> Place:
    """The unit that signed it; it signs again."""
    name = str((row.facts.get("organ") or {}).get("name", ""))
    return next((one for one in units.tree(a.work) if one.seal_name == name), organs.of_paper(a, row.kind)[0])


def _swap(value: Any, swapped: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _swap(one, swapped) for key, one in value.items()}
    if isinstance(value, list):
        return [_swap(one, swapped) for one in value]
    return swapped.get(value, value) if isinstance(value, str) else value


def _holds(value: Any, swapped: Mapping[str, str]) -> bool:
    return bool(_swap(value, swapped) != value)


def _signed(value: Any) -> bool:
    """Whether somebody signed it by hand: a signature is kept with the hash of what was signed."""
    if isinstance(value, Mapping):
        return ("path" in value and "sha256" in value) or any(_signed(one) for one in value.values())
    return isinstance(value, list) and any(_signed(one) for one in value)
