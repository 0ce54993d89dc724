"""Made before a clerk, who sees the papers; or by a guardian on their phone, for a child of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from engine.commands import bond_rows
from engine.errors import FieldError, Invalid, NotFound, NotYours
from engine.forms import written
from engine.forms.kinds import CHECKS, Wrong
from engine.matters.nouns.bonds import GUARDIAN, Shown
from engine.people import Actor
from engine.reads import bonds
from engine.reads.knowing import Person
from engine.store import Work
from engine.store.models import Bond, File

SHOWN: dict[Shown, tuple[str, str]] = {
    "id": ("身份证", "identity card"),
    "household": ("户口簿", "household book"),
    "birth": ("出生医学证明", "birth certificate"),
    "paper": ("书面证明", "a paper"),
}


def person(side: str, name: str, phone: str, id_number: str, *, needs_id: bool = False) -> Person:
    """Somebody as they were written down; refused by the field."""
    wrong: list[FieldError] = []
    name, phone, id_number = written.close(name.strip()), phone.strip(), written.identity(id_number.strip())
    if not name or len(name) > 40:
        wrong.append(
            FieldError(f"{side}.name", "姓名", "请填写姓名，至多 40 字。", "The name is missing, or too long.")
        )
    if phone:
        phone = written.telephone(phone)
        if not written.mobile(phone):
            zh, en = "请填写 11 位手机号，或者留空。", "Write a mobile number of 11 digits, or leave it empty."
            wrong.append(FieldError(f"{side}.phone", "手机号", zh, en))
    if id_number:
        checked = CHECKS["cn-id"](id_number)
        if isinstance(checked, Wrong):
            wrong.append(FieldError(f"{side}.id_number", "身份证号", checked.zh, checked.en))
        else:
            id_number = str(checked)
    elif needs_id or not phone:
        zh, en = "请填写身份证号，没有它认不准人。", "The identity number is needed to know who it is."
        wrong.append(FieldError(f"{side}.id_number", "身份证号", zh, en))
    if wrong:
        raise Invalid(wrong)
    return Person(name, phone or None, id_number or None)


def at_counter(
    work: Work,
    key: str,
    *,
    subject: Person,
    holder: Person,
    shown: Sequence[str],
    lets: Sequence[str] | None = None,
    matters: Sequence[str] | None = None,
    until: date | None = None,
    photo: int | None = None,
    team: str = "",
    by: Actor,
    now: datetime,
) -> Bond:
    """A clerk writes it down: both were there, and what the kind asks for was shown."""
    kind = bonds.kind(work, key)
    if by.kind != "staff" or not {"clerk", "supervisor"} & by.roles or by.unit_id is None:
        raise NotYours("关系由窗口工作人员登记。", "Bonds are written down by clerks at a counter.")
    if "counter" not in kind.ways:
        raise NotYours(f"“{kind.title}”不在窗口登记。", f"This kind ({kind.title_en}) is not made at a counter.")
    good = [one for one in shown if one in kind.shown]
    if not good:
        names = "、".join(SHOWN[one][0] for one in kind.shown)
        en = " or ".join(SHOWN[one][1] for one in kind.shown)
        raise Invalid(
            [FieldError("shown", "看过的证件", f"请核对{names}，勾选看过的一种。", f"Look at the {en}, and tick it.")]
        )
    proof: dict[str, object] = {"shown": good}
    if photo is not None:
        proof["photo"] = _photo(work, photo, by).id
    asked = bond_rows.Asked(
        key, kind, subject, holder, "counter", until, lets, matters, proof=proof, unit_id=by.unit_id, team=team
    )
    return bond_rows.make(work, asked, by=by, now=now)


def by_guardian(
    work: Work,
    key: str,
    guardian_bond: int,
    holder: Person,
    *,
    until: date | None = None,
    photo: int | None = None,
    by: Actor,
    now: datetime,
) -> Bond:
    """The guardian names somebody for their child (接送人): the guardian's own bond says for whom they may."""
    kind = bonds.kind(work, key)
    grant = next((g for g in by.grants if g.id == guardian_bond and g.kind == GUARDIAN), None)
    if grant is None:
        raise NotYours("您不是这个孩子登记的监护人。", "You are not registered as this child's guardian.")
    if "guardian" not in kind.made_by or "phone" not in kind.ways:
        raise NotYours(f"“{kind.title}”请到窗口办理。", f"This kind ({kind.title_en}) is made at a counter.")
    if "photo" in kind.proof and photo is None:
        zh, en = "请上传这个人的照片，接的时候要对照。", "A photograph is needed: it is compared when they come."
        raise Invalid([FieldError("photo", "照片", zh, en)])
    row = bonds.one(work, guardian_bond)
    proof = {"photo": _photo(work, photo, by).id} if photo is not None else {}
    asked = bond_rows.Asked(key, kind, bonds.subject(row), holder, "phone", until, proof=proof, unit_id=row.unit_id)
    return bond_rows.make(work, asked, by=by, now=now)


def _photo(work: Work, file_id: int, by: Actor) -> File:
    """A picture that the maker has just uploaded."""
    found = work.session.get(File, file_id)
    if found is None or found.owner_id != by.id:
        raise NotFound("没有找到照片，请重新上传。", "The photograph was not found: upload it again.")
    if not found.type.startswith("image/"):
        zh, en = "要上传照片（JPG 或 PNG）。", "A picture is needed (JPG or PNG)."
        raise Invalid([FieldError("photo", "照片", zh, en)])
    return found
