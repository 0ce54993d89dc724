"""stories.yaml against the rest: the tasks, fields, papers, notices and messages a story speaks of exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine import forms
from engine.findings import meant
from engine.matters import in_person, mandates
from engine.matters.gate import scope, shapes
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.reading import Reading
from engine.matters.nouns.matches import CALL, Match
from engine.matters.nouns.offers import DELIVERED
from engine.matters.nouns.registers import OWN, RUNS_OUT, Register
from engine.matters.plans import timer_starts
from engine.matters.story_file import BookText, EndText, SideOfMatchText, StepText, StoryText
from engine.process.language import effects
from engine.process.language.model import Node


def check(reading: Reading, known: Mapping[str, scope.Known]) -> None:
    if not reading.diagrams:
        return
    _entries(reading)
    words = _Words.of(reading)
    for n, story in reading.told.stories:
        _beginning(words, story, n)
        for k, step in enumerate(story.steps):
            for look in (_task, _people, _places, _met, _message, _boards, _awaited):
                look(words, step, n, "steps", k)
        _end(words, story.end, known, _spoken_of(reading, story), n, "end")


def _entries(reading: Reading) -> None:
    """What stands in registers before a story begins has a register, its fields and their columns."""
    registers = reading.declared("registers")
    for n, entry in enumerate(reading.told.entries):
        if entry.register_ not in registers:
            zh, en = meant(entry.register_, registers, 60)
            zh, en = f"没有台账“{entry.register_}”。{zh}", f'There is no register "{entry.register_}". {en}'
            reading.of_entries("story-name", zh, en, n, "register")
            continue
        declared = registers[entry.register_].what
        assert isinstance(declared, Register)
        for key, value in entry.facts.items():
            columns = declared.fields[key].columns if key in declared.fields else {}
            for row, line in enumerate(value if columns and isinstance(value, list) else ()):
                for column in line if isinstance(line, Mapping) else ():
                    if column not in columns:
                        zh, en = meant(str(column), columns, 60)
                        reading.of_entries(
                            "story-field",
                            f"台账“{entry.register_}”的“{key}”没有“{column}”这一列。{zh}",
                            f'"{key}" of the register "{entry.register_}" has no column "{column}". {en}',
                            *(n, "facts", key, row, column),
                        )
            if key not in declared.fields and key not in OWN:
                zh, en = meant(str(key), declared.fields, 60)
                reading.of_entries(
                    "story-field",
                    f"台账“{entry.register_}”没有“{key}”这一项。{zh}",
                    f'The register "{entry.register_}" has no field "{key}". {en}',
                    n,
                    "facts",
                    key,
                )


@dataclass(frozen=True)
class _Words:
    """What the stories of a matter may speak of."""

    reading: Reading
    steps: Mapping[str, Node]
    tasks: Mapping[str, Node]

    @classmethod
    def of(cls, reading: Reading) -> _Words:
        steps = {node.id: node for _, _, _, node in reading.nodes()}
        return cls(reading, steps, {id: node for id, node in steps.items() if node.kind in ("userTask", "manualTask")})

    def one_of(self, what_zh: str, what_en: str, name: Any, known: Iterable[str], *path: object) -> None:
        words = list(known)
        if str(name) not in words:
            zh, en = meant(str(name), words, 60)
            self.reading.of_story(
                "story-name", f"没有{what_zh}“{name}”。{zh}", f'There is no {what_en} "{name}". {en}', *path
            )

    def task(self, name: str, *path: object) -> None:
        self.one_of("用户任务", "user task", name, self.tasks, *path)

    def declared(self, kind: str, what_zh: str, what_en: str, name: str, *path: object) -> Any:
        """What is declared under a name, which is looked for; None where there is nothing of that name."""
        known = self.reading.declared(kind)
        self.one_of(what_zh, what_en, name, known, *path)
        return known[name].what if name in known else None

    def fields(self, paths: Iterable[str], form: forms.Form, *path: object) -> None:
        """What is refused are fields of the form, whichever row of a list they are in."""
        known = paths_of(form)
        for r, one in enumerate(paths):
            self.one_of("字段", "field", ".".join(p for p in one.split(".") if not p.isdigit()), known, *path, r)

    def answers(self, answers: Mapping[str, Any], form: forms.Form, *path: object) -> None:
        _answers(self.reading, answers, paths_of(form), *path)
        _quoted(self.reading, answers, form, *path)


def _beginning(words: _Words, story: StoryText, n: int) -> None:
    """How the case of a story begins: by its application, by the clock, or by what was booked or sought before."""
    reading, start = words.reading, words.reading.application
    if story.schedule:
        timed = [one.node.id for one in timer_starts(reading.diagrams.values())]
        words.one_of("定期", "schedule", story.schedule, [*reading.declared("schedules"), *timed], n, "schedule")
    elif start is not None:
        asks = mandates.on_way_in(start.form, reading.info, story.channel)
        words.answers(story.answers, asks, n, "answers")
        # Whoever does not agree is refused at the question, which is asked beside the form.
        asked = reading.info is None or bool(reading.info.apply.consent)
        words.fields([f for f in story.refused if f != "consent" or not asked], asks, n, "refused")
        for k, first in enumerate(story.earlier):
            words.answers(first.answers, start.form, n, "earlier", k, "answers")
    _values(reading, story.facts, shapes.of_paths(reading.house.begins), n, "facts")
    if reading.info is not None:
        _wanted(reading, story.facts.get("need"), n, "facts", "need")
        for k, before in enumerate(story.booked):
            words.declared("offers", "供给", "offer", before.offer, n, "booked", k, "offer")


def _task(words: _Words, step: StepText, *path: object) -> None:
    """A user task, and what is answered there."""
    if step.task is None:
        return
    words.task(step.task, *path, "task")
    node = words.tasks.get(step.task)
    form = words.reading.forms.get(node.extension.form or "") if node is not None else None
    if form is not None:
        asked = _asked(words.reading, form.form)
        words.answers(step.answers, asked, *path, "answers")
        words.fields(step.refused or (), asked, *path, "refused")


def _people(words: _Words, step: StepText, *path: object) -> None:
    """What people do with open tasks, hand-overs and votes."""
    if step.return_ is not None:
        words.task(step.return_, *path, "return")
    if step.to is not None:
        words.task(step.to, *path, "to")
    for r, name in enumerate(step.open or ()):
        words.one_of("任务", "task", name, words.tasks, *path, "open", r)
    if step.handed is not None:
        for r, field in enumerate(step.refused or ()):
            words.one_of("字段", "field", field, HANDED, *path, "refused", r)
    if step.vote is not None and not _options(words.reading):
        for choice in step.vote:
            words.one_of("票", "vote", choice, VOTES, *path, "vote", choice)


def _places(words: _Words, step: StepText, *path: object) -> None:
    """What is booked and given back names an offer, and answers what it asks."""
    if step.bring is not None and words.reading.info is not None:
        words.declared("offers", "供给", "offer", step.bring.offer, *path, "bring", "offer")
    for verb, wish in (("book", step.book), ("cancel", step.cancel)):
        if wish is None or not wish.offer or words.reading.info is None:
            continue
        offer = words.declared("offers", "供给", "offer", wish.offer, *path, verb, "offer")
        form = words.reading.forms.get(getattr(offer, "ask", "") or "")
        chosen = getattr(getattr(offer, "choice", None), "register_", "")
        beside = [chosen] if chosen else []
        beside += [DELIVERED] if getattr(offer, "delivered", None) is not None else []
        if isinstance(wish, BookText) and (form is not None or beside):
            asked = {*(paths_of(form.form) if form is not None else ()), *beside}
            _answers(words.reading, wish.answers, asked, *path, verb, "answers")


def _message(words: _Words, step: StepText, *path: object) -> None:
    """A message that a diagram knows, with what it asks of whoever tells it."""
    if step.message is None:
        return
    reading = words.reading
    messages = [one.name or one.id for diagram in reading.diagrams.values() for one in diagram.messages]
    words.one_of("消息", "message", step.message, messages, *path, "message")
    tells = reading.info.tells.values() if reading.info is not None else ()
    told = [one for one in tells if one.message == step.message]
    if told:
        asked_for = {path for one in told for path in (one.teller, *one.asks) if path}
        asked_for |= {path.rpartition(".")[0] for path in asked_for if "." in path}
        _answers(reading, step.variables or {}, asked_for, *path, "variables")
    if step.message in reading.house.messages:
        brings = shapes.of_paths(reading.house.messages[step.message])
        _values(reading, step.variables, brings, *path, "variables")


def _boards(words: _Words, step: StepText, *path: object) -> None:
    for key, board in (("review", step.review), ("board", step.board)):
        if board is not None and words.reading.info is not None:
            words.declared("boards", "公开栏", "board", board, *path, key)


def _awaited(words: _Words, step: StepText, *path: object) -> None:
    """The result or the error of an effect that is waited for."""
    if step.answer is None:
        return
    waits = [id for id, node in words.steps.items() if node.kind in ("serviceTask", "sendTask")]
    words.one_of("等结果的任务", "awaited effect", step.answer, waits, *path, "answer")
    node = words.steps.get(step.answer)
    kind = effects.find(node.extension.task_type or "") if node is not None else None
    if kind is None:
        return
    if step.error is not None:
        words.one_of("错误代码", "error code", step.error, [code for code, _ in kind.errors], *path, "error")
    results = {a.name: shapes.of_result(a.kind, a.has) for a in kind.results}
    _values(words.reading, step.variables, results, *path, "variables")


def _named(value: Any) -> Iterator[str]:
    """Every text in what a story gives."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _named(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _named(one)
    elif isinstance(value, str):
        yield value


def _standing(
    words: _Words, name: str, entries: Mapping[str, Mapping[str, Any]], people: Iterable[str], *path: object
) -> None:
    """What stands in a register at the end has its fields, is in one of its states, and is about somebody whom the
    story speaks of. (A field that there is not reads as null: a story that expects null of it would hold.)"""
    register = words.declared("registers", "台账", "register", name, *path)
    if not isinstance(register, Register):
        return
    for title, fields in entries.items():
        if register.about == "person":
            words.one_of("人", "person", title, people, *path, title)
        for key, value in fields.items():
            words.one_of("台账的这一项", "field of the register", key, [*register.fields, "state"], *path, title, key)
            if key == "state":
                words.one_of("状态", "state", value, register.states, *path, title, key)


def _spoken_of(reading: Reading, story: StoryText) -> list[str]:
    """Everybody and everything that a story names: in what it gives, and in what stands there before."""
    given = story.model_dump(exclude={"end", "name"}) if story.end.registers else {}
    return sorted({*_named(given), *_named([one.model_dump() for one in reading.told.entries])}) if given else []


def _end(
    words: _Words, end: EndText, known: Mapping[str, scope.Known], spoken_of: Iterable[str], *path: object
) -> None:
    """What a story says of its end: where it stands, what came of it, what was made and told."""
    reading = words.reading
    if known and not any(one.more for one in known.values()):  # of whichever process the story is
        everything = shapes.all_of([one.scope for one in known.values()])
        _values(reading, end.variables or {}, everything, *path, "variables")
    if end.at is not None:
        words.one_of("步骤", "step", end.at, words.steps, *path, "at")
    if reading.info is not None:
        papers = {*reading.info.papers, *reading.house.effect_papers.values()}
        for r, name in enumerate(end.papers or ()):
            words.one_of("文书", "paper", name, papers, *path, "papers", r)
        notices = {*reading.info.notices, *reading.house.effect_notices.values()}
        if any(getattr(one.what, "arrive", None) is not None for one in reading.declared("matches").values()):
            notices.add(CALL)
        if any(getattr(one.what, "runs_out", None) is not None for one in reading.declared("registers").values()):
            notices.add(RUNS_OUT)
        for r, name in enumerate(end.notices or ()):
            words.one_of("通知", "notice", name, notices, *path, "notices", r)
    for r, name in enumerate(end.effects or ()):
        words.one_of("效果", "effect", name, [*effects.TYPES, "message", "signal"], *path, "effects", r)
    for r, name in enumerate(end.open or ()):
        words.one_of("任务", "task", name, words.tasks, *path, "open", r)
    for board, state in (end.entries or {}).items():
        if reading.info is not None:
            words.declared("boards", "公开栏", "board", board, *path, "entries", board)
        words.one_of("状态", "state", state, ENTRIES, *path, "entries", board)
    for name, entries in (end.registers or {}).items():
        if reading.info is not None:
            _standing(words, name, entries, spoken_of, *path, "registers", name)
    if end.outcome is not None:
        words.one_of("结果", "outcome", end.outcome, OUTCOMES, *path, "outcome")


#: What may be wrong with a hand-over, by its fields.
HANDED = ("outcome", "proof", "signature", "note", "photos", "witness")
#: What may be voted where nothing is chosen from.
VOTES = ("yes", "no", "abstain")


def _options(reading: Reading) -> bool:
    """Whether a ballot of the diagram has choices of its own."""
    return any(
        node.extension.task_type == "open-ballot" and any(io.target == "options" for io in node.extension.inputs)
        for _, _, _, node in reading.nodes()
    )


#: How what is on a board may stand.
ENTRIES = ("shown", "review", "refused", "withdrawn", "over")

#: What a case may end with: the choices of the effects that end one.
OUTCOMES = frozenset(
    value
    for kind in ("decide", "close-case")
    for header in effects.TYPES[kind].headers
    if header.key == "outcome"
    for value, _ in header.choices
)


def _asked(reading: Reading, form: forms.Form) -> forms.Form:
    """The form, with what is asked of the clerk who does a step for a party who is there, where the matter lets one."""
    info = reading.info  # None: matter.yaml is wrong, which is said once, there
    if info is not None and not any(role.in_person is not None for role in info.parties.values()):
        return form
    if form.id not in reading.asked or reading.asked[form.id][0] is not form:  # once a form, not once a step
        reading.asked[form.id] = form, in_person.asking(form, forms.EVERYTHING, witness=True, account=True)
    return reading.asked[form.id][1]


def _answers(reading: Reading, answers: Mapping[str, Any], known: Collection[str], *path: object) -> None:
    """Every answer must have its field, or be asked: what is not known is dropped without a word."""

    def look(value: Any, at: str, here: tuple[object, ...]) -> None:
        if isinstance(value, Mapping):
            for key, one in value.items():
                full = f"{at}.{key}" if at else str(key)
                if full in known:
                    look(one, full, (*here, key))
                elif not at or any(k.startswith(f"{at}.") for k in known):
                    zh, en = meant(full, known, 60)
                    reading.of_story(
                        "story-field",
                        f"表单没有字段“{full}”，填了也没有用。{zh}",
                        f'The form has no field "{full}": the answer is lost. {en}',
                        *here,
                        key,
                    )
        elif isinstance(value, list):
            for n, one in enumerate(value):
                look(one, at, (*here, n))

    look(answers, "", path)


def _met(words: _Words, step: StepText, *path: object) -> None:
    """What a step says of matches and loans names what is declared, and fills the form that is asked."""
    reading = words.reading
    if reading.info is None:
        return
    verbs = (
        *("supply", "need", "ask", "agree", "decline", "absent", "arrive", "cancel"),
        *("apart", "rejoin", "charged", "late"),
    )
    for verb in verbs:
        said = getattr(step, verb)
        name = getattr(said, "match", "")
        if not name:
            continue
        match = words.declared("matches", "撮合", "match", name, *path, verb, "match")
        if isinstance(said, SideOfMatchText) and match is not None:
            assert isinstance(match, Match)
            form = reading.forms.get(match.of(verb).ask)
            if form is not None:
                _answers(reading, said.answers, paths_of(form.form), *path, verb, "answers")
    for verb in ("lend", "take_back", "renew", "reserve", "recall", "lose"):
        loan = getattr(step, verb)
        if loan is not None:
            words.declared("loans", "借还", "loans", loan.loans, *path, verb, "loans")


def _wanted(reading: Reading, need: object, *path: object) -> None:
    """The need that nobody took in time fills the form of the match that opens this matter; so does the supply with
    which nobody arrived."""
    if not isinstance(need, Mapping):
        return
    supply = need.get("supply")
    told: list[tuple[str, Any, tuple[str, ...]]] = [("need", need.get("answers"), ("answers",))]
    if isinstance(supply, Mapping):
        told.append(("supply", supply.get("answers"), ("supply", "answers")))
    for one in reading.declared("matches").values():
        match = one.what
        if not isinstance(match, Match) or not match.why_opened(reading.name):
            continue
        for side, answers, at in told:
            form = reading.forms.get(match.of(side).ask)
            if form is not None and isinstance(answers, Mapping):
                _answers(reading, answers, paths_of(form.form), *path, *at)
        return  # the first, as the proof has it


def _quoted(reading: Reading, answers: Mapping[str, Any], form: forms.Form, *path: object) -> None:
    """YAML reads yes and no as true and false: an option that is called so must stand in quotes."""
    for at, field in form.walk():
        value = forms.dig(answers, at) if field.options else None
        words = [str(option.value) for option in field.options or ()]
        meant_word = {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else None
        if meant_word in words:
            reading.of_story(
                "story-field",
                f'YAML 把 {meant_word} 读成真假，而“{field.label}”的选项是文字。请加引号："{meant_word}"。',
                f'YAML reads {meant_word} as true or false, but the option of "{field.label}" is a text. '
                f'Quote it: "{meant_word}".',
                *path,
                *at.split("."),
            )


def _values(reading: Reading, values: Mapping[str, Any], known: scope.Scope, *path: object) -> None:
    """What a story gives or expects must be something the run gives: the names in it, level by level."""
    for key, value in values.items():
        shape = known.get(str(key))
        if shape is None:
            zh, en = meant(str(key), known, 60)
            reading.of_story(
                "story-field",
                f"没有“{key}”这个变量。{zh}",
                f'There is no variable "{key}" here. {en}',
                *path,
                key,
            )
        elif shape.entries and not shape.open:
            one_or_more: Iterable[tuple[tuple[object, ...], Any]] = (
                (((key, n), one) for n, one in enumerate(value)) if isinstance(value, list) else [((key,), value)]
            )
            for at, one in one_or_more:
                if isinstance(one, Mapping):
                    _values(reading, one, dict(shape.entries), *path, *at)
