"""The steps of a matter changed as a list (简易模式), over all its files: the drawing, the form of a step, its limit,
who works at it, the English of its name, and the stories that pass it.

Each function takes a matter's files and gives those that are others now (None: gone). Nothing is kept beside them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine import feel
from engine.drawing import Card, Drawing, Listing, acts, read
from engine.drawing.cards import Refusal, every
from engine.drawing.graph import Graph
from engine.drawing.text import ZEEBE
from engine.errors import NotFound, Refused
from engine.matters import rewriting

Files = Mapping[str, bytes]
Changed = dict[str, bytes | None]

#: What the forms of new steps say, and in English.
WORDS = {
    "是否同意": "Agreed?",
    "同意": "Agree",
    "不同意": "Do not agree",
    "不同意的理由（会告诉申请人）": "Why not (the applicant is told)",
    "办理情况": "What was done",
    "要": "Needed",
    "不要": "Not needed",
    "要不要这一步？": "Is this step needed?",
}


@dataclass(frozen=True, slots=True)
class Worker:
    """Who works at a step: a group that matter.yaml has, or a post somewhere, which becomes one."""

    group: str  # its name
    post: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Asks:
    """Only for some: a field of the application compared with a value."""

    field: str
    compares: Literal["=", "!=", "<", "<=", ">", ">="]
    value: str
    number: bool

    @property
    def text(self) -> str:
        return (
            f"{self.field} {self.compares} {self.value if self.number else json.dumps(self.value, ensure_ascii=False)}"
        )


def listing(matter: str, files: Files) -> Listing:
    return read(_drawing(matter, files))


def add(
    matter: str,
    files: Files,
    flow: str,
    does: Literal["decide", "handle", "each"],
    name: str,
    name_en: str,
    workers: tuple[Worker, ...],
    *,
    limit: str = "",
    asks: Asks | None = None,
    refuses: str = "",
) -> Changed:
    """A step on this flow. limit: as matter.yaml writes it ("3wd"); refuses: where its no leads (acts.refusals)."""
    drawing = _drawing(matter, files)
    graph = Graph(drawing)
    id_ = _free(drawing)
    form = f"{matter}-{id_.replace('_', '-')}"
    step = acts.Step(
        id_, name, does, tuple(w.group for w in workers), form, asks.text if asks else "", f"{name}：要不要？"
    )
    passed = graph.reached([graph.goes_to(flow)]) if flow in graph.flows else set()
    acts.add(drawing, flow, step, refuses=refuses)
    new: Changed = {_path(matter): drawing.write()}
    shown = _form(form, id_, does)
    new[f"forms/{matter}/{id_}.form"] = shown
    text = _text(files, f"bpmn/{matter}/matter.yaml")
    new[f"bpmn/{matter}/matter.yaml"] = _limited(_grouped(text, workers), id_, limit).encode()
    refused, question = f"{name}：{acts.NO}", f"{name}：{acts.YES}吗？"
    words = {name: name_en, step.question: f"{name_en}: needed?", question: f"{name_en}: agreed?"}
    words |= {refused: f"{name_en}: not agreed", **WORDS}
    words |= {w.group: w.group for w in workers if w.post and w.group.isascii()}
    new |= _english(matter, files, words, drawing, shown.decode())
    card = read(drawing).find(id_)
    assert card is not None
    new |= _told(matter, files, drawing, card, passed, asks)
    return new


def remove(matter: str, files: Files, id_: str) -> Changed:
    """Without this step, its form, its limit and what stories say of it."""
    drawing = _drawing(matter, files)
    card = _card(read(drawing), id_)
    acts.remove(drawing, card)
    new: Changed = {_path(matter): drawing.write()}
    used = {c.form for c in read(drawing).steps()}
    for path, content in files.items():
        own = path.startswith(f"forms/{matter}/") and path.endswith(".form")
        if own and card.form and card.form not in used and _form_id(content) == card.form:
            new[path] = None
    new[f"bpmn/{matter}/matter.yaml"] = _limited(_text(files, f"bpmn/{matter}/matter.yaml"), id_, "").encode()
    stories = _text(files, _stories(matter))
    ends = card.refusal.nodes if card.refusal else ()
    for n, story in reversed(list(enumerate(_stories_of(stories)))):
        if _ends_at(story, id_, ends):
            stories, gone = _without_story(stories, n)
            if gone:
                continue
        stories = _with_steps(stories, n, story, [one for one in _steps(story) if one.get("task") != id_])
    if stories:
        new[_stories(matter)] = stories.encode()
    return _said_still(matter, files, new)


def up(matter: str, files: Files, id_: str) -> Changed:
    """One place earlier: it and the step before it change places."""
    drawing = _drawing(matter, files)
    cards = read(drawing)
    leads, first, second = _before(cards.cards, "", id_)
    acts.exchange(drawing, leads, first, second)
    new: Changed = {_path(matter): drawing.write()}
    stories = _text(files, _stories(matter))
    told = _stories_of(stories)
    passing = _passing(told, first, second)
    for n, story in enumerate(told):
        stories = _with_steps(stories, n, story, _exchanged(story, first, second, passing))
    if stories:
        new[_stories(matter)] = stories.encode()
    return new


def change(
    matter: str,
    files: Files,
    id_: str,
    *,
    name: str,
    name_en: str,
    workers: tuple[Worker, ...] = (),
    limit: str | None = None,
    yes: str = "",
    no: str = "",
    refuses: str = "",
) -> Changed:
    """What a step is called, who works at it, how long it may take, what its two ways are called and where no leads.
    workers () and limit None: as they are."""
    drawing = _drawing(matter, files)
    card = _card(read(drawing), id_)
    text, stories = _text(files, f"bpmn/{matter}/matter.yaml"), _text(files, _stories(matter))
    if name != card.name:
        acts.rename(drawing, id_, name)
    if workers and tuple(w.group for w in workers) != (card.each or card.groups):
        text = _grouped(text, workers)
        acts.give(drawing, card, tuple(w.group for w in workers))
    if card.refusal is not None:
        if yes and no:
            acts.say(drawing, card, yes, no)
        if refuses:
            acts.refuse(drawing, card, refuses)
            stories = _ends_elsewhere(stories, drawing, card)
    if limit is not None:
        text = _limited(text, id_, limit)
    new: Changed = {_path(matter): drawing.write(), f"bpmn/{matter}/matter.yaml": text.encode()}
    if stories:
        new[_stories(matter)] = stories.encode()
    words = {name: name_en} if name_en else {}
    return _said_still(matter, files, new | _english(matter, files, words, drawing, anew=True))


@dataclass(frozen=True, slots=True)
class About:
    """What the list of steps shows beside the drawing."""

    limits: dict[str, str]  # step -> its limit, as matter.yaml writes it
    groups: dict[str, str]  # group -> what it is called
    asked: dict[str, tuple[str, bool]]  # a field of the application -> (its label, whether it is a number)
    words: dict[str, str]  # the English of what the matter says


def about(matter: str, files: Files) -> About:
    """Refused: a file is no YAML."""
    said = _mapping(_text(files, f"bpmn/{matter}/matter.yaml"))
    named = said.get("groups")
    groups = {
        str(k): str(v.get("name") or k) if isinstance(v, dict) else str(k)
        for k, v in (named.items() if isinstance(named, dict) else ())
    }
    return About(_limits(said), groups, _asked(matter, files, said), words_of(matter, files))


def _limits(said: Mapping[str, Any]) -> dict[str, str]:
    limits = said.get("limits")
    steps = limits.get("steps") if isinstance(limits, dict) else None
    return {str(k): str(v) for k, v in steps.items()} if isinstance(steps, dict) else {}


def _asked(matter: str, files: Files, said: Mapping[str, Any]) -> dict[str, tuple[str, bool]]:
    """Fields of the application that a condition may ask."""
    apply = said.get("apply")
    wanted = apply.get("form") if isinstance(apply, dict) else None
    for path, content in files.items():
        if path.endswith(".form") and wanted and _form_id(content) == wanted:
            kinds = ("textfield", "number", "radio", "select", "checkbox")
            return {
                str(part["key"]): (str(part.get("label", part["key"])), part["type"] == "number")
                for part in json.loads(content).get("components", [])
                if part.get("type") in kinds and part.get("key")
            }
    return {}


def words_of(matter: str, files: Files) -> dict[str, str]:
    """The English of what the matter says."""
    return {str(k): str(v) for k, v in _mapping(_text(files, f"bpmn/{matter}/en.yaml")).items()}


# ------------------------------------------------------------ stories


def _told(matter: str, files: Files, drawing: Drawing, card: Card, passed: set[str], asks: Asks | None) -> Changed:
    """The stories that pass the new step say so, and one more says its no."""
    stories = _text(files, _stories(matter))
    told = _stories_of(stories)
    more: dict[str, Any] | None = None
    for n, story in enumerate(told):
        steps = _steps(story)
        if (story.get("end") or {}).get("at") not in passed or not _asked_for(story, asks):
            continue
        at = next((k for k, one in enumerate(steps) if one.get("task") in passed), None)
        at = at if at is not None else next((k + 1 for k in reversed(range(len(steps))) if steps[k].get("task")), 0)
        done = [{"task": card.id, "answers": _yes(card)}] * (len(card.each) or 1)
        stories = _with_steps(stories, n, story, [*steps[:at], *done, *steps[at:]])
        if more is None and card.refusal is not None and card.refusal.end:
            no = {"task": card.id, "answers": {acts.decision(card.id): "no", "reason": "不符合条件。"}}
            title = f"{card.name}：{acts.NO}"
            more = {**story, "name": title, "steps": [*steps[:at], no], "end": _ending(drawing, card.refusal)}
    if more is not None:
        stories = rewriting.said(stories, (len(told),), more)
    return {_stories(matter): stories.encode()} if stories else {}


def _steps(story: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(story.get("steps") or [])


def _with_steps(stories: str, n: int, story: Mapping[str, Any], steps: list[dict[str, Any]]) -> str:
    """The n-th story with these steps."""
    return stories if steps == _steps(story) else rewriting.said(stories, (n, "steps"), steps)


def _ends_at(story: Mapping[str, Any], task: str, ends: tuple[str, ...]) -> bool:
    """Whether a story ends with the no of this step."""
    tasks = [one.get("task") for one in _steps(story) if one.get("task")]
    return bool(tasks) and tasks[-1] == task and (story.get("end") or {}).get("at") in ends


def _without_story(stories: str, n: int) -> tuple[str, bool]:
    """(without the n-th story, True); (as they are, False) when others repeat what it says."""
    try:
        return rewriting.said(stories, (n,), rewriting.GONE), True
    except Refused:
        return stories, False


def _ends_elsewhere(stories: str, drawing: Drawing, was: Card) -> str:
    """With the stories that ended with this step's no: where that ends now, or gone, when it goes back instead."""
    card = _card(read(drawing), was.id)
    assert was.refusal is not None
    for n, story in reversed(list(enumerate(_stories_of(stories)))):
        if not _ends_at(story, was.id, was.refusal.nodes):
            continue
        if card.refusal is not None and card.refusal.end:
            stories = rewriting.said(stories, (n, "end"), _ending(drawing, card.refusal))
        else:
            stories, _gone = _without_story(stories, n)
    return stories


def _passing(told: list[dict[str, Any]], first: Card, second: Card) -> list[dict[str, Any]]:
    """What a story says at the second step so that it goes on: as another one has it that passes both."""
    ends = second.refusal.nodes if second.refusal else ()
    for story in told:
        steps = _steps(story)
        tasks = [one.get("task") for one in steps]
        if first.id in tasks and second.id in tasks and (story.get("end") or {}).get("at") not in ends:
            items = [steps[k] for k in _run(tasks, second.id)]
            return [{key: one[key] for key in ("task", "answers") if key in one} for one in items]
    return [{"task": second.id, "answers": _yes(second)}] * (len(second.each) or 1)


def _exchanged(
    story: Mapping[str, Any], first: Card, second: Card, passing: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """A story's steps with the second before the first."""
    steps = _steps(story)
    tasks = [one.get("task") for one in steps]
    one, other = _run(tasks, first.id), _run(tasks, second.id)
    if not one:
        return steps
    if not other:  # it ended at the first, which comes later now
        return [*steps[: one[0]], *passing, *steps[one[0] :]]
    if second.refusal and _ends_at(story, second.id, second.refusal.nodes):
        return [step for k, step in enumerate(steps) if k not in one]  # it ends before it comes to the first
    if one[-1] < other[0]:
        a, b, c, d = one[0], one[-1] + 1, other[0], other[-1] + 1
        return [*steps[:a], *steps[c:d], *steps[b:c], *steps[a:b], *steps[d:]]
    return steps


def _run(tasks: list[Any], task: str) -> range:
    """Where a story is at this task for the first time, again and again."""
    if task not in tasks:
        return range(0)
    begin = end = tasks.index(task)
    while end < len(tasks) and tasks[end] == task:
        end += 1
    return range(begin, end)


def _yes(card: Card) -> dict[str, object]:
    """What somebody says at a step of ours so that it goes on."""
    return {acts.decision(card.id): "yes"} if card.refusal else {f"{card.id}_note": "已办理"}


def _ending(drawing: Drawing, refusal: Refusal) -> dict[str, object]:
    """How a story ends that goes this way."""
    said: dict[str, object] = {"finished": True, "at": refusal.end}
    for id_ in refusal.nodes:
        outcome = drawing.node(id_).find(f".//{{{ZEEBE}}}header[@key='outcome']")
        if outcome is not None:
            said["outcome"] = outcome.get("value")
    return said


def _asked_for(story: Mapping[str, Any], asks: Asks | None) -> bool:
    """Whether this story's application needs a step that is there for some only."""
    if asks is None:
        return True
    known = {**(story.get("answers") or {}), **(story.get("facts") or {})}
    try:
        return feel.evaluate(asks.text, feel.from_json(known)) is True
    except feel.FeelError:
        return False


# ------------------------------------------------------------ files


def _drawing(matter: str, files: Files) -> Drawing:
    return Drawing(files[_path(matter)], matter)


def _path(matter: str) -> str:
    return f"bpmn/{matter}/process.bpmn"


def _stories(matter: str) -> str:
    return f"bpmn/{matter}/stories.yaml"


def _text(files: Files, path: str) -> str:
    return files[path].decode() if path in files else ""


def _mapping(text: str) -> Mapping[str, Any]:
    said = rewriting.read(text) if text else None
    return said if isinstance(said, dict) else {}


def _stories_of(text: str) -> list[dict[str, Any]]:
    """The stories, when the file is a list of them."""
    said = rewriting.read(text) if text else None
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []


def _grouped(about: str, workers: tuple[Worker, ...]) -> str:
    """matter.yaml with the groups that are new."""
    for worker in workers:
        if worker.post:
            said = {"post": worker.post, "at": worker.at, "name": worker.group}
            about = rewriting.said(about, ("groups", worker.group), said)
    return about


def _limited(about: str, step: str, limit: str) -> str:
    """matter.yaml with this limit of a step; "": with none."""
    if limit:
        return rewriting.said(about, ("limits", "steps", step), limit)
    if step in _limits(_mapping(about)):
        return rewriting.said(about, ("limits", "steps", step), rewriting.GONE)
    return about


def _form_id(content: bytes) -> str:
    try:
        return str(json.loads(content).get("id", ""))
    except ValueError:
        return ""


def _free(drawing: Drawing) -> str:
    """An id for a step that nothing has."""
    ids = {one.get("id") for one in drawing.root.iter() if isinstance(one.tag, str)}
    return next(f"step_{n}" for n in range(1, len(ids) + 2) if f"step_{n}" not in ids)


def _card(cards: Listing, id_: str) -> Card:
    card = cards.find(id_)
    if card is None:
        raise NotFound("没有这一步，请刷新再看。", "There is no such step: load the page anew.")
    return card


def _before(cards: tuple[Card, ...], leads: str, id_: str) -> tuple[str, Card, Card]:
    """(the flow that leads to the step before, that step, this step)."""
    for n, card in enumerate(cards):
        if card.id == id_:
            if n == 0 or cards[n - 1].kind not in ("decide", "handle", "auto"):
                raise acts.CannotDo(
                    "它前面没有可以调换的一步。", "There is no step before it that it could change with."
                )
            return (cards[n - 2].exit if n > 1 else leads), cards[n - 1], card
        for branch in card.branches:
            if any(one.id == id_ for one in every(branch.cards)):
                return _before(branch.cards, branch.flow, id_)
    raise NotFound("没有这一步，请刷新再看。", "There is no such step: load the page anew.")


def _form(form: str, step: str, does: str) -> bytes:
    """A form that runs: yes or no with a reason, or what was done."""
    parts: list[dict[str, object]]
    if does == "handle":
        rules = {"required": True, "maxLength": 500}
        parts = [{"type": "textarea", "id": f"{step}_1", "key": f"{step}_note", "label": "办理情况", "validate": rules}]
    else:
        said = acts.decision(step)
        values = [{"label": acts.YES, "value": "yes"}, {"label": acts.NO, "value": "no"}]
        parts = [
            {
                "type": "radio",
                "id": f"{step}_1",
                "key": said,
                "label": "是否同意",
                "values": values,
                "validate": {"required": True},
            },
            {
                "type": "textarea",
                "id": f"{step}_2",
                "key": "reason",
                "label": "不同意的理由（会告诉申请人）",
                "conditional": {"hide": f'={said} != "no"'},
                "validate": {"required": True, "maxLength": 200},
            },
        ]
    lines = ",\n".join(f"    {json.dumps(part, ensure_ascii=False)}" for part in parts)
    head = f'  "type": "default", "id": {json.dumps(form)}, "schemaVersion": 19,\n  "components": [\n'
    return f"{{\n{head}{lines}\n  ]\n}}\n".encode()


def _said_still(matter: str, files: Files, new: Changed) -> Changed:
    """Without the English of what nothing says any more."""
    path = f"bpmn/{matter}/en.yaml"
    after = {**files, **new}
    before, now = (
        "\n".join(c.decode("utf-8", "replace") for p, c in some.items() if c is not None and p != path)
        for some in (files, after)
    )
    text = (after.get(path) or b"").decode()
    for zh in words_of(matter, {path: text.encode()}):
        if zh in before and zh not in now:
            text = rewriting.said(text, (zh,), rewriting.GONE)
    return {**new, path: text.encode()} if text else new


def _english(
    matter: str, files: Files, words: Mapping[str, str], drawing: Drawing, forms: str = "", *, anew: bool = False
) -> Changed:
    """en.yaml with these words, those that something says. anew: also in place of what it said."""
    path = f"bpmn/{matter}/en.yaml"
    text, known = _text(files, path), words_of(matter, files)
    said = drawing.write().decode() + forms
    for zh, en in words.items():
        if zh and en and zh in said and (zh not in known or (anew and known[zh] != en)):
            text = rewriting.said(text, (zh,), en)
    return {path: text.encode()} if text else {}
