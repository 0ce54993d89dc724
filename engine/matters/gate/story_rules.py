"""stories.yaml against the rest: the tasks, fields, papers, notices and messages a story speaks of exist."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from engine import forms
from engine.findings import meant
from engine.matters import in_person
from engine.matters.gate import scope, shapes
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.reading import Reading
from engine.matters.nouns.matches import Match
from engine.matters.nouns.registers import OWN, Register
from engine.matters.plans import timer_starts
from engine.matters.story_file import BookText, SideOfMatchText, StepText
from engine.process.language import effects


def check(reading: Reading, known: Mapping[str, scope.Known]) -> None:
    if not reading.diagrams:
        return
    steps = {node.id: node for _, _, _, node in reading.nodes()}
    tasks = {id: node for id, node in steps.items() if node.kind in ("userTask", "manualTask")}
    waits = [id for id, node in steps.items() if node.kind in ("serviceTask", "sendTask")]
    messages = [one.name or one.id for diagram in reading.diagrams.values() for one in diagram.messages]
    info = reading.info
    start = reading.application

    def one_of(what_zh: str, what_en: str, name: Any, known: Iterable[str], *path: object) -> None:
        words = list(known)
        if str(name) not in words:
            zh, en = meant(str(name), words, 60)
            reading.of_story(
                "story-name", f"没有{what_zh}“{name}”。{zh}", f'There is no {what_en} "{name}". {en}', *path
            )

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
    schedules = {**reading.declared("schedules")}
    timed = [one.node.id for one in timer_starts(reading.diagrams.values())]
    for n, story in reading.told.stories:
        if story.schedule:
            one_of("定期", "schedule", story.schedule, [*schedules, *timed], n, "schedule")
        elif start is not None:
            _answers(reading, story.answers, paths_of(start.form), n, "answers")
            _quoted(reading, story.answers, start.form, n, "answers")
            for r, path in enumerate(story.refused):
                plain = ".".join(p for p in path.split(".") if not p.isdigit())
                one_of("字段", "field", plain, paths_of(start.form), n, "refused", r)
            for k, first in enumerate(story.earlier):
                _answers(reading, first.answers, paths_of(start.form), n, "earlier", k, "answers")
                _quoted(reading, first.answers, start.form, n, "earlier", k, "answers")
        _values(reading, story.facts, shapes.of_paths(reading.house.begins), n, "facts")
        if info is not None:
            _wanted(reading, story.facts.get("need"), n, "facts", "need", "answers")
        for k, before in enumerate(story.booked if info is not None else ()):
            one_of("供给", "offer", before.offer, reading.declared("offers"), n, "booked", k, "offer")
        for k, step in enumerate(story.steps):
            if step.task is not None:
                one_of("用户任务", "user task", step.task, tasks, n, "steps", k, "task")
                node = tasks.get(step.task)
                form = reading.forms.get(node.extension.form or "") if node is not None else None
                if form is not None:
                    asked = _asked(reading, form.form)
                    _quoted(reading, step.answers, asked, n, "steps", k, "answers")
                    _answers(reading, step.answers, paths_of(asked), n, "steps", k, "answers")
                    for r, path in enumerate(step.refused or ()):
                        plain = ".".join(p for p in path.split(".") if not p.isdigit())
                        one_of("字段", "field", plain, paths_of(asked), n, "steps", k, "refused", r)
            if step.handed is not None:
                for r, path in enumerate(step.refused or ()):
                    one_of("字段", "field", path, HANDED, n, "steps", k, "refused", r)
            if step.vote is not None and not _options(reading):
                for choice in step.vote:
                    one_of("票", "vote", choice, VOTES, n, "steps", k, "vote", choice)
            for verb, wish in (("book", step.book), ("cancel", step.cancel)):
                if wish is not None and wish.offer and info is not None:
                    offers = reading.declared("offers")
                    one_of("供给", "offer", wish.offer, offers, n, "steps", k, verb, "offer")
                    said = offers[wish.offer].what if wish.offer in offers else None
                    form = reading.forms.get(getattr(said, "ask", "") or "")
                    if isinstance(wish, BookText) and form is not None:
                        _answers(reading, wish.answers, paths_of(form.form), n, "steps", k, verb, "answers")
            if info is not None:
                _met(reading, step, one_of, n, "steps", k)
            if step.return_ is not None:
                one_of("用户任务", "user task", step.return_, tasks, n, "steps", k, "return")
            if step.to is not None:
                one_of("用户任务", "user task", step.to, tasks, n, "steps", k, "to")
            for r, name in enumerate(step.open or ()):
                one_of("任务", "task", name, tasks, n, "steps", k, "open", r)
            if step.message is not None:
                one_of("消息", "message", step.message, messages, n, "steps", k, "message")
                told = [one for one in info.tells.values() if one.message == step.message] if info is not None else []
                if told:
                    asked_for = {path for one in told for path in (one.teller, *one.asks) if path}
                    asked_for |= {path.rpartition(".")[0] for path in asked_for if "." in path}
                    _answers(reading, step.variables or {}, asked_for, n, "steps", k, "variables")
                if step.message in reading.house.messages:
                    brings = shapes.of_paths(reading.house.messages[step.message])
                    _values(reading, step.variables, brings, n, "steps", k, "variables")
            for key, board in (("review", step.review), ("board", step.board)):
                if board is not None and info is not None:
                    one_of("公开栏", "board", board, reading.declared("boards"), n, "steps", k, key)
            if step.answer is not None:
                one_of("等结果的任务", "awaited effect", step.answer, waits, n, "steps", k, "answer")
                kind = effects.find(steps[step.answer].extension.task_type or "") if step.answer in steps else None
                if step.error is not None and kind is not None:
                    one_of("错误代码", "error code", step.error, [c for c, _ in kind.errors], n, "steps", k, "error")
                if kind is not None:
                    results = {a.name: shapes.of_result(a.kind, a.has) for a in kind.results}
                    _values(reading, step.variables, results, n, "steps", k, "variables")
        end = story.end
        if known and not any(one.more for one in known.values()):  # of whichever process the story is
            everything = shapes.all_of([one.scope for one in known.values()])
            _values(reading, end.variables or {}, everything, n, "end", "variables")
        if end.at is not None:
            one_of("步骤", "step", end.at, steps, n, "end", "at")
        if info is not None:
            papers = {*info.papers, *reading.house.effect_papers.values()}
            for r, name in enumerate(end.papers or ()):
                one_of("文书", "paper", name, papers, n, "end", "papers", r)
            notices = {*info.notices, *reading.house.effect_notices.values()}
            for r, name in enumerate(end.notices or ()):
                one_of("通知", "notice", name, notices, n, "end", "notices", r)
        for r, name in enumerate(end.effects or ()):
            one_of("效果", "effect", name, [*effects.TYPES, "message", "signal"], n, "end", "effects", r)
        for r, name in enumerate(end.open or ()):
            one_of("任务", "task", name, tasks, n, "end", "open", r)
        for board, state in (end.entries or {}).items():
            if info is not None:
                one_of("公开栏", "board", board, reading.declared("boards"), n, "end", "entries", board)
            one_of("状态", "state", state, ENTRIES, n, "end", "entries", board)
        if end.outcome is not None:
            one_of("结果", "outcome", end.outcome, OUTCOMES, n, "end", "outcome")


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


def _met(reading: Reading, step: StepText, one_of: Callable[..., None], *path: object) -> None:
    """What a step says of matches and loans names what is declared, and fills the form that is asked."""
    for verb in ("supply", "need", "ask", "agree", "decline", "absent", "cancel"):
        said = getattr(step, verb)
        name = getattr(said, "match", "")
        if not name:
            continue
        known = reading.declared("matches")
        one_of("撮合", "match", name, known, *path, verb, "match")
        if isinstance(said, SideOfMatchText) and name in known:
            match = known[name].what
            assert isinstance(match, Match)
            form = reading.forms.get(match.of(verb).ask)
            if form is not None:
                _answers(reading, said.answers, paths_of(form.form), *path, verb, "answers")
    for verb in ("lend", "take_back", "renew", "reserve", "recall", "lose"):
        loan = getattr(step, verb)
        if loan is not None:
            one_of("借还", "loans", loan.loans, reading.declared("loans"), *path, verb, "loans")


def _wanted(reading: Reading, need: object, *path: object) -> None:
    """The need that nobody took in time fills the form of the match that opens this matter."""
    answers = need.get("answers") if isinstance(need, Mapping) else None
    for one in reading.declared("matches").values():
        match = one.what
        if not isinstance(match, Match) or match.unmatched is None or match.unmatched.opens != reading.name:
            continue
        form = reading.forms.get(match.need.ask)
        if form is not None and isinstance(answers, Mapping):
            _answers(reading, answers, paths_of(form.form), *path)
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
        elif isinstance(value, Mapping) and shape.entries and not shape.open:
            _values(reading, value, dict(shape.entries), *path, key)
