"""Registers (台账): the posts that read them, the decisions their options come from; and what FEEL may read of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.findings import meant
from engine.forms.schema import CHOICES
from engine.matters.gate import shapes
from engine.matters.gate.reading import Reading
from engine.matters.gate.shapes import LEAF, OPEN, Shape
from engine.matters.nouns import Declared
from engine.matters.nouns.registers import ABOUT_SOMEBODY, OWN, Register, RegisterReach, decided
from engine.process.language import model as m


def registers(reading: Reading) -> dict[str, tuple[Declared, Register]]:
    """The registers of the matter, by the name it calls them."""
    found = {}
    for name, one in reading.declared("registers").items():
        if isinstance(one.what, Register):
            found[name] = (one, one.what)
    return found


def known(reading: Reading) -> Shape:
    """`register` of an expression about a person: each register of persons, with its fields."""
    return Shape(
        {name: entry(register) for name, (_, register) in registers(reading).items() if register.about == "person"}
    )


def entry(register: Register) -> Shape:
    """What an entry holds, as FEEL reads it."""
    fields = {
        name: Shape(dict.fromkeys(field.columns, LEAF), some=True)
        if field.type == "rows"
        else shapes.TEMPORAL
        if field.type == "date"
        else OPEN
        if field.type == "list"
        else LEAF
        for name, field in register.fields.items()
    }
    own = {name: shapes.TEMPORAL if name in ("valid_until", "since") else LEAF for name in OWN}
    return Shape({**fields, **own})


def brought(reading: Reading, node: m.Node) -> dict[str, Shape] | None:
    """What a look-up brings; None of any other task. An entry has the fields of its register, and nothing else."""
    if node.extension.task_type != "look-up":
        return None
    found = registers(reading).get(node.extension.header("register") or "")
    if found is None:
        return dict.fromkeys(("found", "entry", "entries", "more"), OPEN)
    hidden: frozenset[str] = frozenset() if node.extension.header("sensitive") == "true" else found[1].sensitive
    whole = entry(found[1])
    # The days are texts here: what goes between steps is JSON.
    kept = {
        name: Shape(shape.entries, shape.open, shape.some) if shape.some or shape.open else LEAF
        for name, shape in whole.entries.items()
        if name not in hidden
    }
    one = Shape({**kept, "id": LEAF, "version": LEAF})
    return {"found": LEAF, "entry": one, "entries": Shape(one.entries, some=True), "more": LEAF}


def offered(reading: Reading, name: str, kind: str, beside: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """What is wrong with a field of this type that offers the entries of a register, with these fields beside each."""
    known = {n: r for n, (_, r) in registers(reading).items() if r.about == "thing"}
    register = known.get(name)
    if register is None:
        zh, en = meant(name, known)
        yield f"没有按物登记的台账“{name}”。{zh}", f"there is no register of things called so. {en}"
        return
    if kind not in CHOICES:
        listed = ", ".join(sorted(CHOICES))
        yield f"只用于选项部件（{listed}），不用于 {kind}。", f"only {listed} have options, {kind} has none."
    for field in beside:
        if field not in register.fields:
            zh, en = meant(field, register.fields)
            yield (
                f"beside：台账“{name}”没有“{field}”。{zh}",
                f"the register has no field {field!r} to stand beside. {en}",
            )
    for field in dict.fromkeys((register.key, register.label or register.key, *beside)):
        if field in register.fields and (
            register.fields[field].kind in ABOUT_SOMEBODY or register.fields[field].readers
        ):
            yield (
                f"台账“{name}”的“{field}”是个人信息，不能列给填表的人看。",
                f'"{field}" of the register is about somebody and may not be shown to whoever fills in the form.',
            )


def check(reading: Reading) -> None:
    for one, register in registers(reading).values():
        for at in ("readers", "writers"):
            for post in getattr(register, at):
                _post(reading, one, post, at)
        for name, field in register.fields.items():
            for post in field.readers:
                _post(reading, one, post, "fields", name, "readers")
            if field.source:
                _source(reading, one, name, field.source)
        for post in register.runs_out.tells if register.runs_out is not None else ():
            if post != "person":
                _post(reading, one, post, "runs_out", "tells")
            elif register.about != "person":
                reading.of_noun(
                    one,
                    "register-nobody",
                    "这个台账不是一人一条，没有“person”可以告诉。请写岗位。",
                    "This register is not about persons: there is no “person” to tell. Name posts.",
                    "runs_out",
                    "tells",
                )
        if register.reach is not None and register.reach.places:
            _places(reading, one, register.reach)
        if register.about != "case" and not register.readers:
            reading.of_noun(
                one,
                "register-nobody",
                "没有写 readers，除了本人谁也看不到。请写哪些岗位看。",
                "Without readers nobody but the person sees it. Name the posts that read it.",
            )


def _places(reading: Reading, one: Declared, reach: RegisterReach) -> None:
    """The facilities of a register of ways stand in a register of things, which has the fields that are named."""
    things = {name: register for name, (_, register) in registers(reading).items() if register.about == "thing"}
    register = things.get(reach.places)
    if register is None:
        zh, en = meant(reach.places, things)
        said = (f"没有按物登记的台账“{reach.places}”。{zh}", f'There is no register of things "{reach.places}". {en}')
        reading.of_noun(one, "register-reach", *said, "reach", "places")
        return
    kind = register.fields.get(reach.kind)
    if kind is None or kind.type not in ("choice", "list") or not kind.options:
        zh, en = meant(reach.kind, [n for n, f in register.fields.items() if f.options])
        said = (
            f"台账“{reach.places}”里没有带选项的“{reach.kind}”。{zh}",
            f'The register "{reach.places}" has no field "{reach.kind}" with options. {en}',
        )
        reading.of_noun(one, "register-reach", *said, "reach", "kind")
    for name in reach.shows:
        field = register.fields.get(name)
        if field is None:
            zh, en = meant(name, register.fields)
            said = (f"台账“{reach.places}”里没有“{name}”。{zh}", f'"{reach.places}" has no field "{name}". {en}')
            reading.of_noun(one, "register-reach", *said, "reach", "shows")
        elif field.kind != "plain":
            said = (
                f"“{name}”是个人信息，不能给大家看。",
                f'"{name}" is about somebody and may not be shown to everybody.',
            )
            reading.of_noun(one, "register-reach", *said, "reach", "shows")


def _post(reading: Reading, one: Declared, post: str, *path: object) -> None:
    if reading.county is not None and post not in reading.county.post_codes:
        zh, en = meant(post, reading.county.post_codes, 40)
        reading.of_noun(one, "post", f"县里没有岗位“{post}”。{zh}", f'The county has no post "{post}". {en}', *path)


def _source(reading: Reading, one: Declared, name: str, decision: str) -> None:
    if decision not in reading.models:
        zh, en = meant(decision, reading.models)
        said = (f"没有决策“{decision}”。{zh}", f'There is no decision "{decision}". {en}')
    elif not decided(reading.models, decision, name):
        said = (
            f"决策“{decision}”没有叫“{name}”的输入，或没有写它可能的值。",
            f'The decision "{decision}" has no input "{name}", or none with the values it may have.',
        )
    else:
        return
    reading.of_noun(one, "register-source", *said, "fields", name, "from")
