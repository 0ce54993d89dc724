"""建立关系, 解除关系: what a case says of who may act for whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from engine import feel, forms
from engine.commands import bond_rows
from engine.errors import Invalid, NotNow, Outdated
from engine.matters.nouns import Declared
from engine.matters.nouns.bonds import GUARDIAN, HALL
from engine.matters.nouns.bonds import Bond as Kind
from engine.plain import is_id
from engine.process import Effect
from engine.reads.knowing import Person
from engine.store import keys
from engine.store.models import Bond
from engine.workdays import local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def make(a: Applying, effect: Effect) -> None:
    """The bond, answered at once: its number and last day; or an error of the diagram, when it cannot be."""
    key, kind = _kind(a, effect)
    given = effect.arguments
    other = Person(_text(given.get("name")), _text(given.get("phone")) or None, _text(given.get("id_number")) or None)
    case = a.case
    me = Person(case.applicant_name, case.applicant_phone, case.applicant_id_number, case.applicant_id, case.place_id)
    about = given.get("subject")
    if isinstance(about, Mapping):
        me = Person(_text(about.get("name")), None, _text(about.get("id_number")) or None, None, case.place_id)
    subject, holder = (other, me) if effect.headers.get("applicant") == "holder" else (me, other)
    refused = _may_make(a, effect, kind, subject)
    if refused:
        a.throw(effect, "UNFIT", refused)
        return
    photo = _first(given.get("photo"))
    matters = given.get("matters")
    asked = bond_rows.Asked(
        key,
        kind,
        subject,
        holder,
        "case",
        _date(given.get("until")) or _declared(a, kind),
        matters=[str(one) for one in matters] if isinstance(matters, list) else None,
        proof={"photo": photo} if photo else {},
        unit_id=case.office_id,
    )
    try:
        made = bond_rows.make(a.work, asked, by=a.by, now=a.now, case=case)
    except NotNow as refusal:
        a.throw(effect, "TAKEN", refusal.zh)
    except Invalid as refusal:
        a.throw(effect, "UNFIT", "；".join(one.zh for one in refusal.fields))
    else:
        a.answer(effect, {"bond": made.id, "until": made.until_on.isoformat()})


def _may_make(a: Applying, effect: Effect, kind: Kind, subject: Person) -> str:
    """Why this case may not make it: a form says who is whose child, a registered guardianship proves it."""
    if "clerk" in kind.made_by and a.by.kind == "staff":
        return ""
    own = effect.headers.get("applicant") != "holder" and effect.arguments.get("subject") is None
    if "subject" in kind.made_by and own:
        return ""
    if "guardian" in kind.made_by:
        today = local_date(a.now)
        by_id = keys.blinds("id", subject.id_number) if subject.id_number else ()
        guards = [Bond.holder_id == a.case.applicant_id] if a.case.applicant_id is not None else []
        found = a.work.session.scalar(
            select(Bond.id)
            .where(
                Bond.kind == GUARDIAN,
                Bond.state == "held",
                Bond.from_on <= today,
                Bond.until_on >= today,
                Bond.subject_id_index.in_(by_id),
                or_(Bond.id == a.case.bond_id, *guards),
            )
            .limit(1)
        )
        if found is not None:
            return ""
        return f"{subject.name or '孩子'}的监护人不是这件事的申请人，请监护人先到窗口登记监护关系。"
    return f"“{kind.title}”不能这样建立：要由本人建立，或由窗口登记。"


def end(a: Applying, effect: Effect) -> None:
    """Over at once."""
    key, _ = _kind(a, effect)
    number = effect.arguments.get("bond")
    which = [Bond.kind == key, Bond.ended_at.is_(None)]
    if number is None:
        which.append(Bond.case_id == a.case.id)
    else:  # one of the applicant's own, whoever made it: a case ends nobody else's
        refs = bond_rows.refs_of(
            Person(a.case.applicant_name, a.case.applicant_phone, a.case.applicant_id_number, a.case.applicant_id)
        )
        which += [Bond.id == int(str(number)), Bond.subject_ref.in_(refs) | (Bond.case_id == a.case.id)]
    for row in a.work.session.scalars(select(Bond).where(*which).order_by(Bond.id)).all():
        bond_rows.end(a.work, row, "case", by=a.by, now=a.now, case=a.case)


def _kind(a: Applying, effect: Effect) -> tuple[str, Kind]:
    name = effect.headers.get("bond", "")
    found: Declared | None = a.package.declared("bonds").get(name)
    if found is not None and isinstance(found.what, Kind):
        return found.key, found.what
    if name in HALL:
        return name, HALL[name]
    raise Outdated(
        f"流程图要建立的关系“{name}”没有声明，什么都没有改。",
        f"The diagram makes a bond {name!r}, which is not declared; nothing was changed.",
        needs=name,
    )


def _declared(a: Applying, kind: Kind) -> date | None:
    """The last day that the declaration reads from the answers."""
    if not kind.until:
        return None
    values = {name: feel.from_json(value) for name, value in dict(a.variables or a.case.answers or {}).items()}
    return _date(feel.to_json(feel.evaluate(kind.until.removeprefix("="), values)))


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None


def _text(value: Any) -> str:
    return str(value).strip() if value is not None else ""


def _first(value: Any) -> int | None:
    """A file field's first file."""
    one = value[0] if isinstance(value, list) and value else value
    found = forms.dig(one, "id") if isinstance(one, Mapping) else one
    return int(found) if found is not None and is_id(str(found)) else None
