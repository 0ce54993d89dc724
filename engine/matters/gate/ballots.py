"""ballots: the register of the roll and its fields are there, somebody holds the post, and the diagram opens what is
declared and nothing else."""

from __future__ import annotations

from engine import feel
from engine.findings import meant
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.reading import Reading
from engine.matters.nouns import Declared
from engine.matters.nouns.ballots import Ballot, Roll
from engine.matters.nouns.registers import OWN, Register

OPENS, CLOSES = "open-ballot", "close-ballot"


def check(reading: Reading) -> None:
    if reading.info is None:  # what matter.yaml declares cannot be known: that is said once, there
        return
    opened = _named(reading)
    for name, one in reading.declared("ballots").items():
        ballot = one.what
        assert isinstance(ballot, Ballot)
        if ballot.post and reading.county is not None and ballot.post not in reading.county.post_codes:
            zh, en = meant(ballot.post, reading.county.post_codes, 40)
            zh, en = f"县里没有岗位“{ballot.post}”。{zh}", f'The county has no post "{ballot.post}". {en}'
            reading.of_noun(one, "post", zh, en, "post")
        if ballot.roll is not None:
            _roll(reading, one, ballot.roll)
        if name not in opened and one.file == reading.matter.file:  # of a shared file, another matter may open it
            reading.of_noun(
                one,
                "ballot-unused",
                f"表决“{name}”没有任务开启。请在流程图里加“{OPENS}”任务，或删去它。",
                f'No task opens the ballot "{name}". Add an {OPENS} task to the diagram, or remove it.',
            )


def _roll(reading: Reading, one: Declared, roll: Roll) -> None:
    registers = reading.declared("registers")
    register = registers.get(roll.source)
    if register is None:
        zh, en = meant(roll.source, registers, 40)
        reading.of_noun(
            one,
            "ballot-roll",
            f"名册要的台账“{roll.source}”没有声明，uses 里也没有。{zh}",
            f'The register "{roll.source}" of the roll is declared nowhere. {en}',
            "roll",
            "register",
        )
        return
    assert isinstance(register.what, Register)
    fields = register.what.fields
    if register.what.about != "person":
        reading.of_noun(
            one,
            "ballot-roll",
            f"台账“{roll.source}”不是一人一条，不能当名册。请用 about: person 的台账。",
            f'The register "{roll.source}" is not of persons: a roll needs one that is about: person.',
            "roll",
            "register",
        )
    for key in ("by", "household", "weight"):
        named = getattr(roll, key)
        if named and named not in fields:
            zh, en = meant(named, fields, 40)
            reading.of_noun(
                one,
                "ballot-roll",
                f"台账“{roll.source}”没有字段“{named}”。{zh}",
                f'The register "{roll.source}" has no field "{named}". {en}',
                "roll",
                key,
            )
    agreed = [name for name, field in fields.items() if field.type == "boolean"]
    if roll.consent and roll.consent not in agreed:
        zh, en = meant(roll.consent, agreed, 40)
        reading.of_noun(
            one,
            "ballot-roll",
            f"台账“{roll.source}”没有是否字段“{roll.consent}”，不知道谁同意收短信。{zh}",
            f'The register "{roll.source}" has no yes/no field "{roll.consent}" by which they agreed to be told. {en}',
            "roll",
            "consent",
        )
    if roll.where:
        try:
            read = feel.compile(roll.where.removeprefix("="))
        except feel.FeelError as bad:
            reading.of_noun(one, "ballot-roll", f"where 读不了：{bad.zh}", f"where: {bad.en}", "roll", "where")
            return
        for used in sorted({name.name for name in read.reads} - set(fields) - set(OWN)):
            zh, en = meant(used, [*fields, *OWN], 40)
            reading.of_noun(
                one,
                "ballot-roll",
                f"where 读了“{used}”，台账“{roll.source}”没有这个字段。{zh}",
                f'where reads "{used}", which the register "{roll.source}" has not. {en}',
                "roll",
                "where",
            )


def _named(reading: Reading) -> set[str]:
    """The ballots that tasks open; a task that names none of the declared ones is told."""
    known, opened = reading.declared("ballots"), set()
    for file, _, _, node in reading.nodes("serviceTask", "sendTask"):
        if node.extension.task_type not in (OPENS, CLOSES):
            continue
        name = node.extension.header("ballot") or ""
        opened.add(name)
        asked = node.extension.header("answers") or ""
        fields = {path for form in reading.forms.values() for path in paths_of(form.form)}
        if asked and not fields & {f"{asked}.opens_at", f"{asked}.closes_at"}:
            groups = {path.rpartition(".")[0] for path in fields if path.endswith((".opens_at", ".closes_at"))}
            zh, en = meant(asked, groups, 40)
            reading.say(
                file,
                node,
                "header-value",
                f"说开始和截止时间在“{asked}”里，但没有表单填 {asked}.opens_at。{zh}",
                f'has the times in "{asked}", but no form asks {asked}.opens_at. {en}',
            )
        one = known.get(name)
        if one is None:
            zh, en = meant(name, known, 40)
            reading.say(
                file,
                node,
                "ballot-unknown",
                f"说的表决“{name}”没有声明。{zh}",
                f'speaks of the ballot "{name}", which is not declared. {en}',
            )
            continue
        ballot = one.what
        assert isinstance(ballot, Ballot)
        given = {mapping.target for mapping in node.extension.inputs}
        if node.extension.task_type == OPENS and ballot.roll is None and "roll" not in given:
            reading.say(
                file,
                node,
                "ballot-roll",
                f"开启表决“{name}”，但没有名册：声明里写 roll，或者输入映射给出 roll。",
                f'opens the ballot "{name}" without a roll: declare it, or bring it by an input mapping "roll".',
            )
    return opened
