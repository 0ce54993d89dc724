"""ballots 表决: who may vote, on what, and how it is decided.

    ballots:
      proposal:
        name: 成员大会表决
        name_en: Vote of the members
        body: members-assembly               # what the law asks of it: notice, quorum, majority
        roll: {register: voter, where: "capable = true", by: village}
        notice: 10cd
        present: ">= 2/3 of roll"
        passes: "yes >= 2/3 of roll"
        carried: all                         # every village must pass
        proxies: {per: household, most: 1}

What is voted on, from when until when and by which villages is told by the diagram, with `open-ballot`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from engine.findings import meant
from engine.matters import majority
from engine.matters.majority import BadRule, Rule
from engine.matters.schema import Part, wrong, wrong_at
from engine.matters.taking_part import Id

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

DATA = Path(__file__).resolve().parents[1] / "data" / "ballots.yaml"

#: What is chosen from when a ballot lists no options.
YES, NO, ABSTAIN = "yes", "no", "abstain"


@dataclass(frozen=True, slots=True)
class Law:
    """What the law asks of one body that votes."""

    id: str
    name: str
    name_en: str
    source: str
    valid_from: date
    grade: str
    notice: int  # days between the notice and the vote
    present: Rule
    passes: Rule | None  # None: the declaration must say it
    weighted: bool
    proxies: str  # household: one of the same household may; none: nobody


@lru_cache(maxsize=1)
def laws() -> dict[str, Law]:
    """The bodies by their name in `body`."""
    found: dict[str, Law] = {}
    for id, row in yaml.safe_load(DATA.read_text("utf-8")).items():
        passes = majority.read(row["passes"]) if row["passes"] else None
        row = {**row, "present": majority.read(row["present"], "present"), "passes": passes}
        found[id] = Law(id=id, **row)
    return found


class Roll(Part):
    """Who may vote: rows of a register, frozen when the ballot is announced."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    source: Id = Field(alias="register", description="哪个台账 · which register")
    where: str = Field(
        default="", description="哪些人：FEEL，读台账的字段 · which of them: FEEL over the fields of the register"
    )
    by: Id | Literal[""] = Field(
        default="", description="哪个字段写着在哪个村投票 · the field with the village in which they vote"
    )
    household: Id | Literal[""] = Field(
        default="", description="哪个字段是户号，委托时认同一户 · the field with the household, for proxies"
    )
    weight: Id | Literal[""] = Field(
        default="", description="哪个字段是票数；不写一人一票 · the field with the number of votes; else one each"
    )
    consent: Id | Literal[""] = Field(
        default="",
        description="哪个是否字段写着同意收短信；没有就只在网页上告诉 · "
        "the yes/no field by which they agreed to text messages; without it they are told on the page alone",
    )


class Proxies(Part):
    """Voting for somebody else, by a written mandate."""

    per: Literal["household", "roll"] = Field(
        default="household",
        description="可以委托谁：household 同一户的，roll 名册上任何人 · whom one may send: of the same household, or "
        "anybody on the roll",
    )
    most: int = Field(
        default=1, ge=1, le=10, description="一个人最多代几个人投 · for how many one person may vote at most"
    )


class Ballot(Part):
    """One kind of vote."""

    name: Words = Field(description="叫什么 · what it is called")
    name_en: Words = Field(description="英文 · the same in English")
    body: str = Field(
        default="own",
        description="哪个会：members-assembly 成员大会等，法律的要求按它；own 自行议定 · "
        "which body votes: what the law "
        "asks follows from it; own: rules of its own",
    )
    roll: Roll | None = Field(
        default=None,
        description="谁可以投；不写则由 open-ballot 的 roll 给出 · "
        "who may vote; without it open-ballot brings the roll",
    )
    carried: Literal["all", "each"] | Annotated[int, Field(ge=1, le=50)] = Field(
        default="all",
        description="几个村分别投：all 都通过才通过，each 各算各的，数字是至少几个通过 · several villages vote apart: "
        "all must pass, each for itself, or a number of them at least",
    )
    notice: str = Field(
        default="", description="公告期，如 10cd；不写按法律 · days of notice, such as 10cd; the law's without it"
    )
    present: str = Field(
        default="",
        description="到会要多少，如 >= 2/3 of roll；不写按法律 · "
        "the quorum, such as >= 2/3 of roll; the law's without it",
    )
    passes: str = Field(
        default="",
        description="怎样通过，如 yes >= 2/3 of roll、yes > half of present；不写按法律 · when it passes, such as "
        "yes >= 2/3 of roll; the law's without it",
    )
    most: int = Field(
        default=1, ge=1, le=20, description="列出选项的：一人最多选几个 · of options: how many one may choose"
    )
    seats: int = Field(
        default=1, ge=1, le=20, description="列出选项的：选出几个 · of options: how many are chosen in the end"
    )
    secret: bool = Field(
        default=False, description="无记名：没有人能知道谁投了什么 · secret: nobody can tell who voted what"
    )
    change: bool = Field(
        default=True,
        description="记名的，截止前可以改，以最后一次为准；无记名的交出就不能改 · "
        "of an open vote: may be changed until "
        "the close, the last counts; a secret one never",
    )
    proxies: Proxies | None = Field(default=None, description="可以委托别人投 · one may send somebody else")
    post: Id | Literal[""] = Field(
        default="",
        description="哪个岗位给没有手机的人当面办理投票 · "
        "the post before which people without a telephone vote in person",
    )
    witness: bool = Field(
        default=True, description="当面投票要写一名见证人 · a vote in person needs the name of a witness"
    )

    @field_validator("body")
    @classmethod
    def _body(cls, body: str) -> str:
        if body not in laws():
            zh, en = meant(body, laws(), 40)
            raise wrong(f"没有“{body}”这种会。{zh}", f'There is no body "{body}". {en}')
        return body

    @field_validator("notice")
    @classmethod
    def _days(cls, notice: str) -> str:
        if notice and re.fullmatch(r"\d{1,3}cd", notice) is None:
            raise wrong(
                f"“{notice}”不是公告期。请写天数，如 10cd。", f'"{notice}" is no notice. Write days, such as 10cd.'
            )
        return notice

    @model_validator(mode="after")
    def _lawful(self) -> Ballot:
        law, faults = self.law, []

        def fault(key: str, zh: str, en: str) -> None:
            faults.append(((key,), zh, en))

        if self.notice and int(self.notice[:-2]) < law.notice:
            fault(
                "notice",
                f"{law.name}要提前 {law.notice} 天公告（{law.source}），"
                f"{self.notice} 太短。请写 {law.notice}cd 或更长。",
                f"The {law.name_en} needs {law.notice} days of notice ({law.source}); {self.notice} is too short.",
            )
        for key, left, asked in (("present", "present", law.present), ("passes", "", law.passes)):
            text = getattr(self, key)
            if not text:
                if key == "passes" and asked is None:
                    fault(
                        key,
                        "自行议定的表决要写怎样通过，如 yes > half of present。",
                        "A vote of its own rules must say when it passes, such as yes > half of present.",
                    )
                continue
            try:
                rule = majority.read(text, left)
            except BadRule as bad:
                fault(key, bad.zh, bad.en)
                continue
            allowed = {"roll", "present"} if key == "present" else set(majority.COUNTS)
            if strange := sorted(rule.reads - allowed):
                zh, en = meant(strange[0], allowed)
                fault(key, f"到会的规则不能读“{strange[0]}”。{zh}", f'The quorum cannot read "{strange[0]}". {en}')
                continue
            weaker = majority.weaker_than(rule, asked) if asked is not None else None
            if weaker is not None and asked is not None:
                some = f"全体 {weaker['roll']}、实到 {weaker['present']}、赞成 {weaker['yes']}"
                some_en = f"a roll of {weaker['roll']}, {weaker['present']} present, {weaker['yes']} yes"
                fault(
                    key,
                    f"比法律松：{law.name}要{asked.words()[0]}（{law.source}），{some}时这里算数、法律不算。请写“"
                    f"{asked.text}”或更严的。",
                    f"Weaker than the law: the {law.name_en} needs {asked.words()[1]} ({law.source}); with {some_en} "
                    f'this holds and the law\'s does not. Write "{asked.text}" or a stricter one.',
                )
        if self.proxies is not None and law.proxies == "none":
            fault(
                "proxies",
                f"{law.name}不能委托别人投（{law.source}）。请删去 proxies。",
                f"In the {law.name_en} nobody votes for another ({law.source}). Remove proxies.",
            )
        if self.proxies is not None and self.proxies.per == "roll" and self.body != "own":
            fault(
                "proxies",
                f"{law.name}只能委托同一户的成员（{law.source}）。请写 per: household。",
                f"In the {law.name_en} only one of the same household may be sent ({law.source}): per: household.",
            )
        if self.roll is not None and self.roll.weight and (self.secret or not law.weighted):
            why = "无记名时票数会认出人" if self.secret else f"{law.name}一人一票（{law.source}）"
            why_en = "in a secret vote the weight betrays the voter" if self.secret else "one person has one vote"
            fault("roll", f"不能写 weight：{why}。请删去。", f"No weight here: {why_en}. Remove it.")
        if (
            self.proxies is not None
            and self.proxies.per == "household"
            and self.roll is not None
            and not self.roll.household
        ):
            fault(
                "roll",
                "委托只限同一户，名册要写 household：哪个字段是户号。",
                "Proxies are limited to a household: the roll must say which field is the household.",
            )
        if faults:
            raise wrong_at(faults)
        return self

    @property
    def law(self) -> Law:
        return laws()[self.body]

    @property
    def days(self) -> int:
        """Days between the notice and the vote."""
        return int(self.notice[:-2]) if self.notice else self.law.notice

    @property
    def quorum(self) -> Rule:
        return majority.read(self.present, "present") if self.present else self.law.present

    @property
    def majority(self) -> Rule:
        rule = majority.read(self.passes) if self.passes else self.law.passes
        assert rule is not None  # a declaration without one is refused
        return rule

    def settings(self) -> dict[str, Any]:
        """What a ballot keeps of its declaration: a later version of the matter changes nothing in a vote that runs."""
        return {
            "body": self.body,
            "source": self.law.source,
            "notice": self.days,
            "present": self.quorum.text,
            "passes": self.majority.text,
            "carried": self.carried,
            "most": self.most,
            "seats": self.seats,
            "change": self.change and not self.secret,
            "proxies": None if self.proxies is None else {"per": self.proxies.per, "most": self.proxies.most},
            "post": self.post,
            "witness": self.witness,
        }
