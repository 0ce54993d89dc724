"""What a diagram records in a register and looks up there: each name stands in the declaration."""

from __future__ import annotations

from collections.abc import Mapping

from engine import forms
from engine.findings import Severity, meant
from engine.matters.gate import scope
from engine.matters.gate.reading import Reading
from engine.matters.gate.registers import registers
from engine.matters.gate.shapes import Shape
from engine.matters.nouns.registers import Register
from engine.process.language import model as m

#: The most entries a look-up may ask for (engine.records.registers.MOST).
MOST = 200


def check(reading: Reading, known: Mapping[str, scope.Known]) -> None:
    if reading.info is None:
        return  # one slip in matter.yaml must not make every register unknown
    for file, process, _, node in reading.nodes("serviceTask", "sendTask"):
        kind = node.extension.task_type
        if kind not in ("record", "look-up"):
            continue
        name = node.extension.header("register") or ""
        found = registers(reading).get(name)
        if found is None:
            zh, en = meant(name, registers(reading), 40)
            reading.say(
                file,
                node,
                "header-value",
                f"的 register 是“{name}”，matter.yaml 和共用文件都没有声明这个台账。{zh}",
                f'has "{name}" as its register, which neither matter.yaml nor a shared file declares. {en}',
            )
            continue
        given = {io.target.split(".")[0] for io in node.extension.inputs}
        here = scope.at_node(reading, node, known[process.id].scope) if given else {}
        one = _Step(reading, file, node, name, found[1], given, here)
        one.record() if kind == "record" else one.look_up()


class _Step:
    """One task and the register it names."""

    def __init__(
        self,
        reading: Reading,
        file: str,
        node: m.Node,
        name: str,
        register: Register,
        given: set[str],
        here: Mapping[str, Shape],
    ) -> None:
        self.reading, self.file, self.node = reading, file, node
        self.name, self.register, self.given, self.here = name, register, given, here

    def say(self, rule: str, zh: str, en: str, severity: Severity = "error") -> None:
        self.reading.say(self.file, self.node, rule, zh, en, severity)

    def record(self) -> None:
        register = self.register
        facts = self.here.get("facts", Shape())
        for key in facts.entries:
            if key not in register.fields:
                zh, en = meant(key, register.fields, 40)
                self.say(
                    "register-field",
                    f"往台账“{self.name}”记“{key}”，它没有这一项。{zh}",
                    f'records "{key}" in the register "{self.name}", which has no such field. {en}',
                )
        numbers = [name for name, field in register.fields.items() if field.type == "number"]
        for key in self.here.get("add", Shape()).entries:
            if key not in numbers:
                zh, en = meant(key, numbers, 40)
                self.say(
                    "register-field",
                    f"给台账“{self.name}”的“{key}”加减，它没有叫这个的数字项。{zh}",
                    f'adds to "{key}" of the register "{self.name}", which has no number called so. {en}',
                )
            elif key in facts.entries:
                self.say(
                    "register-field",
                    f"给台账“{self.name}”的“{key}”又记（facts.{key}）又加减（add.{key}），只写一个。",
                    f'both records (facts.{key}) and adds to (add.{key}) "{key}" of the register "{self.name}".',
                )
        # What is always new must have everything; a person's or a thing's entry may be there already.
        needed = [n for n, f in register.fields.items() if f.required] if register.about == "case" else []
        needed += [register.key] if register.key else []
        for key in needed:
            if key not in facts.entries and not facts.open:
                self.say(
                    "register-field",
                    f"往台账“{self.name}”记，没有给必填的“{key}”（facts.{key}）。",
                    f'records in the register "{self.name}" without "{key}", which it must have (facts.{key}).',
                )
        self.options()
        self.person()
        state = self.node.extension.header("state")
        if state and state not in register.states:
            zh, en = meant(state, register.states)
            self.say(
                "header-value",
                f"的 state 是“{state}”，台账“{self.name}”没有这个状态。{zh}",
                f'has "{state}" as its state, which the register "{self.name}" has not. {en}',
            )

    def options(self) -> None:
        """What a form lets people choose must be among the options of the field that takes it."""
        for io in self.node.extension.inputs:
            name = io.target.removeprefix("facts.")
            field, asked = self.register.fields.get(name), self.asked(io.source)
            if field is None or asked is None or io.target == name:
                continue
            known: list[tuple[forms.Field, Mapping[str, str]]] = [(asked, field.options)]
            known += [(c, field.columns[c.key].options) for c in asked.children if c.key in field.columns]
            for one, options in known:
                for option in one.options or ():
                    if options and str(option.value) not in options:
                        zh, en = meant(str(option.value), options, 20)
                        self.say(
                            "register-field",
                            f"往台账“{self.name}”的“{name}”记表单的“{one.label}”，它可以是“{option.value}”，"
                            f"台账没有这个选项。{zh}",
                            f'records "{one.label}" of a form in "{name}" of the register; it may be "{option.value}", '
                            f"which is none of its options. {en}",
                        )

    def asked(self, source: str) -> forms.Field | None:
        """The field of a form that this plain path reads."""
        path = source.strip().removeprefix("=").strip()
        for one in self.reading.forms.values():
            for at, field in one.form.walk():
                if at == path:
                    return field
        return None

    def look_up(self) -> None:
        register, header = self.register, self.node.extension.header
        where = self.here.get("where", Shape())
        for key in where.entries:
            if key not in register.search:
                zh, en = meant(key, register.search, 40)
                self.say(
                    "register-field",
                    f"按“{key}”查台账“{self.name}”，它的 search 没有写这一项。{zh}",
                    f'looks up "{self.name}" by "{key}", which is not in its search. {en}',
                )
        self.person()
        if register.about == "person" and not self.given & {"person", "where", "state", "place"}:
            self.say(
                "look-up-anybody",
                f"查台账“{self.name}”，没有写查谁：台账里有任何一个人就算查到。查申请人请加输入 person：=applicant；"
                "要列出很多人的，写 where、state 或 place。",
                f'looks up the register "{self.name}" without saying whom: any entry at all will be found. For the '
                "applicant give the input person: =applicant; for a list of people give where, state or place.",
                "warning",
            )
        if "key" in self.given and register.about != "thing":
            self.say(
                "argument-unknown",
                f"按 key 查台账“{self.name}”，它不是按 key 认的。请用 person 或 where。",
                f'looks up "{self.name}" by key, but it is not about things. Use person or where.',
            )
        most = header("most")
        if most and not (most.isascii() and most.isdigit() and 0 < int(most) <= MOST):
            self.say(
                "header-value",
                f"的 most 是“{most}”，应为 1 到 {MOST} 的整数。",
                f'has "{most}" as its most; write a whole number from 1 to {MOST}.',
            )
        if header("sensitive") == "true" and not (header("purpose") or "").strip():
            self.say(
                "header-value",
                "要查健康、儿童信息（sensitive），没有写用途（purpose）。",
                "reads health or child data (sensitive) without saying why (purpose).",
            )

    def person(self) -> None:
        if "person" in self.given and self.register.about != "person":
            self.say(
                "argument-unknown",
                f"写了 person，但台账“{self.name}”不是一人一条。关于谁，请在台账里加一项，例如输入 facts.name。",
                f'gives person, but the register "{self.name}" is not about persons. Name them in a field: '
                "give the input facts.name.",
            )


__all__ = ["check"]
