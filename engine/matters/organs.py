"""署名机关: who decides in a matter, and whose head, number and seal its papers bear (RULES D11). Pure.

    organs:                                  # names of roles -> who
      accept: office
      mediate: {unit: committee, at: town}   # the people's mediation committee nearest to the case's place
      joint: [YB, MZ]                        # 联合署名: the first leads
    papers:
      acceptance: {organ: accept, basis: [ybjb-6]}
      rejection:  {organ: accept, basis: {not_ours: [ybjb-6], else: [ybjb-6]}}
      refusal:    {organ: accept, basis: "=ground.basis"}
      receipt:    {organ: intake}

The old form, `papers: [receipt, acceptance]`, still says that the deciding office signs each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from engine import feel
from engine.findings import meant
from engine.matters.schema import Fault, Part, wrong

#: Words for a unit that is told from the case.
PLACES: Mapping[str, str] = {
    "office": "决定单位（派单后是承办单位）",
    "intake": "收件单位",
    "grid": "办件所在的网格（没有分网格的，所在的村）",
    "village": "办件所在的村（社区）",
    "town": "办件所在的乡镇",
    "county": "县级人民政府",
    "committee": "办件所在地最近的人民调解委员会",
    "centre": "最近的服务中心",
    "party": "办件所在地最近的党组织",
}
#: Of these, what means the nearest unit of that kind, from the case's place upwards.
NEAREST = ("committee", "centre", "party")
#: Kinds of units, in words.
KINDS: Mapping[str, str] = {
    "committee": "人民调解委员会",
    "centre": "服务中心",
    "office": "单位",
    "town": "乡镇",
    "grid": "网格",
    "village": "村（社区）",
    "partner": "合作单位",
    "party": "党组织",
    "county": "县级人民政府",
}
#: A unit's code: YB, 350526-YB, 350526104001.
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]*")
#: The basis of every other ground.
ELSE = "else"


class UnitOf(Part):
    """A unit of a kind, told from a place: the nearest on the way up to the county."""

    unit: Literal["committee", "centre", "office", "town", "village", "partner", "party"] = Field(
        description="单位的种类：committee 人民调解委员会，centre 服务中心，partner 合作单位（没有印章），party 党组织 "
        "· the kind of unit: committee, centre, office, town, village, partner (no seal), party",
    )
    at: Literal["village", "town", "county", "office", "intake"] = Field(
        default="village",
        description="从哪里找起，找不到就往上一级找 · where the search begins; it goes up until there is one",
    )
    source: str = Field(
        default="",
        alias="from",
        description="由哪项答案说是哪个单位（表单里选的代码）；没有填，就照 unit 和 at 找 · the answer that says which "
        "unit, by its code; as `unit` and `at` say where there is none",
    )


One = str | UnitOf
Who = One | tuple[One, ...]


class Paper(Part):
    """What the matter says of one kind of paper."""

    organ: str = Field(
        default="office",
        description="谁署名、编号、盖章：organs 里的名称，或 office、intake 等 · "
        "whose head, number and seal: a name of organs, or office, intake …",
    )
    basis: str | tuple[str, ...] | Mapping[str, tuple[str, ...]] | None = Field(
        default=None,
        description="印在文书上的依据：basis 里的 id；可按情形写（情形: [id]，else 是别的情形），或写 "
        "FEEL（=ground.basis） · "
        "the basis it prints: ids of basis; by ground (ground: [ids], else: the others); or FEEL. "
        "Absent: the entries of basis that have no id",
    )
    remedy: bool | None = Field(
        default=None,
        description="是否写复议和诉讼的途径；不写时按整个事项的 remedy · "
        "whether 复议 and 诉讼 are told; absent: as the matter's remedy",
    )
    note: str = Field(
        default="",
        max_length=200,
        description="印在文书末尾的一句说明 · a line printed at the foot of the paper",
    )

    @field_validator("basis")
    @classmethod
    def _reads(cls, basis: Any) -> Any:
        if isinstance(basis, str):
            if not basis.startswith("="):
                zh = f"依据“{basis}”应写成列表，如 [{basis}]；FEEL 以 = 开头。"
                raise wrong(zh, f'Write "{basis}" as a list, such as [{basis}]; FEEL begins with =.')
            try:
                feel.compile(basis[1:])
            except feel.FeelError as error:
                zh, en = f"依据的表达式“{basis}”有误：{error.zh}", f'"{basis}" is not right FEEL: {error.en}'
                raise wrong(zh, en) from None
        return basis


def papers(value: Any) -> Any:
    """The short form, a list of kinds, as the mapping."""
    if isinstance(value, (list, tuple)):
        names = [str(name) for name in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            listed = "、".join(twice)
            raise wrong(f"文书列了两次：{listed}。请删去一处。", f"A paper is listed twice: {listed}. Remove one.")
        return {name: {} for name in names}
    if isinstance(value, Mapping):
        return {name: {} if said is None else said for name, said in value.items()}
    return value


def faults(organs: Mapping[str, Who], papers: Mapping[str, Paper], ids: Iterable[str]) -> list[Fault]:
    """What `organs` and `papers` say that cannot be: a word nobody knows, a basis that is not there."""
    found: list[Fault] = []
    for name, who in organs.items():
        for one in (who,) if not isinstance(who, tuple) else who:
            if isinstance(one, str) and one not in PLACES and not _CODE.fullmatch(one):
                zh, en = meant(one, PLACES)
                found.append(
                    (
                        ("organs", name),
                        f"不认识“{one}”；单位写代码，如 YB。{zh}",
                        f'"{one}" is not known; write a unit by its code, such as YB. {en}',
                    )
                )
            if isinstance(one, UnitOf) and one.unit == "partner":
                zh = "合作单位没有印章，不能署名；请写有印章的单位。"
                found.append((("organs", name), zh, "A partner has no seal and cannot sign; write a unit with one."))
        if isinstance(who, tuple) and len(who) < 2:
            found.append((("organs", name), "联合署名要写两个以上的单位。", "Two units or more sign jointly."))
    known = list(ids)
    twice = sorted({one for one in known if known.count(one) > 1})
    if twice:
        listed = "、".join(twice)
        found.append((("basis",), f"id 重复：{listed}。请改掉一个。", f"An id is used twice: {listed}. Change one."))
    for kind, paper in papers.items():
        if paper.organ not in organs and paper.organ not in PLACES:
            zh, en = meant(paper.organ, [*organs, *PLACES])
            found.append(
                (
                    ("papers", kind, "organ"),
                    f"organs 里没有“{paper.organ}”。{zh}",
                    f'organs has no "{paper.organ}". {en}',
                )
            )
        for one in named(paper):
            if one not in known:
                zh, en = meant(one, known)
                found.append(
                    (
                        ("papers", kind, "basis"),
                        f"basis 里没有 id 为“{one}”的依据。{zh}",
                        f'No entry of basis has the id "{one}". {en}',
                    )
                )
    return found


def unsealed(organs: Mapping[str, Who], sealed: Mapping[str, bool]) -> list[tuple[str, str]]:
    """(name, code) of the organs that are units without a seal. sealed: a unit's code, long or short -> it has one."""
    return [
        (name, one)
        for name, who in organs.items()
        for one in (who if isinstance(who, tuple) else (who,))
        if isinstance(one, str) and sealed.get(one) is False
    ]


def named(paper: Paper) -> list[str]:
    """The ids a paper may print, as far as they are written down."""
    if isinstance(paper.basis, Mapping):
        return [one for ids in paper.basis.values() for one in ids]
    return list(paper.basis) if isinstance(paper.basis, tuple) else []


def basis_of(paper: Paper, ground: str, variables: Mapping[str, Any], env: feel.Env) -> list[str] | None:
    """The ids of the basis this paper prints, for this ground. None: the matter's entries without an id."""
    if isinstance(paper.basis, str):
        value = feel.to_json(feel.compile(paper.basis[1:]).evaluate(variables, env))
        return [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []
    if isinstance(paper.basis, Mapping):
        return list(paper.basis.get(ground, paper.basis.get(ELSE, ())))
    return None if paper.basis is None else list(paper.basis)
