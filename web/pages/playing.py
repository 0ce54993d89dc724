"""Play (试走): a designer goes through a matter as each person in turn, on a scratch hall, and keeps it as a story.

A play lives in the page: the page sends its story and one act, and gets back what came of it. The hall keeps nothing of
it, but the story, when that is asked for.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import forms, matters
from engine.commands import studio as commands
from engine.errors import FieldError, Invalid, NotFound, Refused
from engine.matters import stories
from engine.matters.package import Package
from engine.matters.stories import Story, when
from engine.people import holders
from engine.plain import plain
from engine.proof import drafting, made_up, storing, trying
from engine.reads import studio as reads
from engine.records import library
from engine.workdays import ZONE
from web import edge, names, sentences
from web.edge import guard
from web.language import english
from web.security import POLICY

pages = Blueprint("playing", __name__, url_prefix="/desk/matters/<name>/play")

#: Plays of every designer of this process: they share scratch halls and what was played.
tries = trying.Tries()
#: Matters that were read lately, by their version.
_read: OrderedDict[str, Package] = OrderedDict()
_MOST_READ = 8
#: A paper is looked at: nothing in it runs, nothing is fetched, nobody else may show it.
PAPER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"
#: The ways in that a play may begin by.
CHANNELS = ("online", "counter", "agent", "phone")


# ---------------------------------------------------------------- what is played


def _files(name: str, of: str) -> Mapping[str, bytes]:
    work, content = edge.work(), edge.hall().settings.content
    if of == "draft":
        return drafting.files_of(work, reads.row(work, reads.must_be(work, name, edge.actor())), content)
    return library.current(work, name).files


def package_of(name: str, of: str) -> Package:
    """The draft, or what is published. BadMatter says what keeps it from being played."""
    files = _files(name, of)
    version = matters.version_of(files)
    found = _read.get(version)
    if found is None:
        found = _read[version] = matters.read(name, files)
        while len(_read) > _MOST_READ:
            _read.popitem(last=False)
    names.about(found)
    return found


def _of() -> str:
    """Which: the draft when one is open, else what is published."""
    said = request.args.get("of", "")
    return said if said in ("draft", "published") else "draft"


@pages.get("")
@guard("designer")
def play(name: str) -> ResponseReturnValue:
    of = _of()
    try:
        package = package_of(name, of)
    except matters.BadMatter as bad:
        return render_template("staff/play_not.html", name=name, of=of, back=_back(name, of), findings=bad.findings)
    path = f"bpmn/{name}/process.bpmn"
    drawing = (
        url_for("drafting.file", name=name, path=path)
        if of == "draft"
        else url_for("studio.file", name=name, file="process.bpmn", shown=1)
    )
    page = render_template(
        "staff/play.html", name=name, of=of, title=package.info.name, drawing=drawing, back=_back(name, of)
    )
    return Response(page, headers={"Content-Security-Policy": f"{POLICY}; frame-src 'self'"})


def _back(name: str, of: str) -> str:
    return url_for("drafting.draft", name=name) if of == "draft" else url_for("studio.matter", name=name)


# ---------------------------------------------------------------- an act


@pages.post("")
@guard("designer", writes=False, takes="json")
def act(name: str) -> ResponseReturnValue:
    """What the story that was sent comes to with this act."""
    said = _sent()
    of = "draft" if said.get("of") == "draft" else "published"
    package, content = package_of(name, of), edge.hall().settings.content
    book = [one for one in stories.read(package) if not one.refused]
    story, began = _acted(package, book, said)
    if story is None:
        return _door(package, book, said, content)
    seen = tries.look(package, story, content=content)
    if seen.refused is not None and began:
        raise seen.refused
    if seen.refused is not None and not seen.beats:
        return _door(package, book, said, content, why=seen.refused)
    html = render_template(
        "staff/play_state.html",
        name=name,
        of=of,
        seen=seen,
        rows=_rows(seen, package),
        waiting=[_waiting(one, package, book, said, seen.now) for one in seen.waiting],
        where=sentences.where(seen.page.where) if seen.page is not None else "",
        outside=sentences.where(seen.outside.where) if seen.outside is not None else "",
        status=sentences.status(seen.page.status, seen.page.outcome) if seen.page is not None else "",
        due_at=seen.page.account.leading.due_at if seen.page is not None and seen.page.account.leading else None,
        awaited=[(e, _step_of(package, e), _said(made_up.others(book, "answer", e))) for e, _kind in seen.awaited],
        messages=[(m, _step_of(package, e), _said(made_up.others(book, "message", m))) for m, e in seen.messages],
        nouns=[(one, step_words(one, package)) for one in made_up.nouns(book)],
        variables=[(key, _flow(value), key in seen.changed) for key, value in seen.variables.items()],
        decisions=[_decided(one, package) for one in seen.decisions],
        papers=[(one, _flow(one.facts)) for one in seen.papers],
        notices=notices_of(seen),
        refused=_why(seen.refused),
        left=len(story["steps"]) - len(seen.steps),
    )
    lit = list(seen.page.lit) if seen.page is not None else []
    passed = sorted({*seen.played.trace} - {*lit})
    first = seen.waiting[0].element if seen.waiting else next(iter(lit), next(iter(seen.played.trace[-1:]), ""))
    marks = {"current": lit, "done": passed, "flows": sorted({*seen.played.flows}), "at": first}
    return jsonify(play={"story": story, "html": html, "marks": marks, "said": _now_words(seen)})


def _sent() -> Mapping[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("story") or {}, dict):
        raise Invalid([FieldError("", "", "送来的内容看不懂，请刷新这一页再试。", "Expected JSON with a story.")])
    return body


def _acted(package: Package, book: list[Story], said: Mapping[str, Any]) -> tuple[dict[str, Any] | None, bool]:
    """The story after the act, and whether the act is refused as a whole when it does not go. None: it has not begun.

    Acts: start, task, step (as a story says it), days, next, back, from.
    """
    story = dict(said.get("story") or {})
    act = said.get("act") if isinstance(said.get("act"), dict) else {}
    assert isinstance(act, dict)
    if "start" in act:
        return {"at": str(said.get("at")), "channel": str(said.get("channel")), **_answers(said), "steps": []}, True
    if "from" in act:
        found = next((one for one in book if one.name == act["from"]), None)
        if found is None:
            raise NotFound("事项里没有这个故事。", "The matter has no such story.")
        return storing.of(found, whole=bool(act.get("whole"))), False
    if "anew" in act or not story.get("at"):
        return None, False
    steps = [dict(one) for one in story.get("steps") or () if isinstance(one, dict)]
    added: dict[str, Any] | None = None
    if "back" in act:
        steps = steps[: max(int(act["back"]), 0)] if isinstance(act["back"], int) else steps
    elif "task" in act:
        added = {"task": str(act["task"]), **_answers(said)}
        if act.get("by") == "agent":
            added["by"] = "agent"
    elif isinstance(act.get("step"), dict):
        added = _typed(act["step"])
    elif "days" in act or "next" in act:
        seen = tries.look(package, {**story, "steps": steps}, content=edge.hall().settings.content)
        to = trying.after(seen, _days(act), edge.hall().database.calendar) if "days" in act else trying.next_due(seen)
        if to is None:
            raise Invalid([FieldError("", "", "现在没有等着到期的事。", "Nothing falls due by itself now.")])
        added = {"at": to}
    if added is not None:
        steps.append(added)
    return {**story, "steps": steps}, added is not None


def _days(act: Mapping[str, Any]) -> int:
    found = act["days"]
    return found if isinstance(found, int) and 1 <= found <= 250 else 1


def _answers(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a form sent, without what was left empty."""
    answers = said.get("answers")
    return {"answers": _filled(answers) if isinstance(answers, dict) else {}}


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {str(key): _filled(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one not in (None, "", [], {})}
    return [_filled(one) for one in value] if isinstance(value, list) else value


def _typed(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step with its variables as they were typed: a line each, `name: value`."""
    found = dict(step)
    words = found.pop("typed", None)
    if isinstance(words, str) and words.strip():
        value = storing.value(words)
        if not isinstance(value, dict):
            zh, en = "请一行写一样，如 result: approve", "Expected lines such as result: approve"
            raise Invalid([FieldError("typed", _("带来的内容"), zh, en)])
        found["variables"] = plain(value)
    return {key: one for key, one in found.items() if one not in ("", None)}


# ---------------------------------------------------------------- before it begins


def _door(
    package: Package, book: list[Story], said: Mapping[str, Any], content: Path, why: Refused | None = None
) -> ResponseReturnValue:
    """Who applies, by which way, with which answers; or which story is gone through."""
    act = said.get("act") if isinstance(said.get("act"), dict) else {}
    assert isinstance(act, dict)
    wanted = act.get("channel")
    channel = wanted if wanted in CHANNELS else "online"
    plainly = [one for one in book if not one.schedule]
    chosen = next((one for one in plainly if one.name == act.get("like")), plainly[0] if plainly else None)
    at = chosen.at if chosen is not None else _morning()
    form: forms.Form | None = None
    if chosen is not None or not book:
        form = tries.door(package, channel, at, content=content)
    made = made_up.made_up(form, now=at) if form is not None else {}
    html = render_template(
        "staff/play_door.html",
        name=package.name,
        of="draft" if said.get("of") == "draft" else "published",
        schema=names.schema(forms.browser_schema(form)) if form is not None else None,
        answers={**made, **plain(dict(chosen.answers))} if chosen is not None else made,
        at=at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M"),
        stories=book,
        chosen=chosen,
        channel=channel,
        channels=[(one, _(sentences.CHANNELS[one])) for one in CHANNELS],
        why=_why(why),
    )
    return jsonify(play={"story": {}, "html": html, "marks": {}, "said": ""})


def _morning() -> datetime:
    """Nine o'clock of the next working day."""
    day = edge.hall().database.calendar.add(edge.now().astimezone(ZONE).date(), 1)
    return when(f"{day} 09:00")


# ---------------------------------------------------------------- what is shown


def _waiting(
    one: trying.Waiting, package: Package, book: list[Story], said: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    examples = made_up.of_task(book, one.element)
    chosen = said.get("fill")
    n = chosen.get(one.element, 0) if isinstance(chosen, dict) else 0
    n = n if isinstance(n, int) and 0 <= n < len(examples) else 0
    answers = dict(one.answers)
    schema = one.desk.schema if one.desk is not None else None
    if examples:
        answers = _merged(answers, examples[n].answers)
    elif one.desk is not None and one.desk.form_id:
        answers = _merged(made_up.made_up(package.form(one.desk.form_id), answers, now=now), answers)
    held = {code: holders.everywhere(edge.work(), code) for _unit, _post, code in one.who if code}
    return {
        "one": one,
        "who": [(unit, post, held.get(code)) for unit, post, code in one.who],
        "schema": names.schema(schema or names.EMPTY_FORM),
        "answers": answers,
        "examples": [example.name for example in examples],
        "n": n,
        "targets": one.desk.targets if one.desk is not None else (),
        "shown": one.desk.shown if one.desk is not None else (),
    }


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(one)
    for key, value in other.items():
        before = found.get(key)
        found[key] = _merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return found


def _rows(seen: trying.Seen, package: Package) -> list[dict[str, Any]]:
    """The application and each step, with what came of it."""
    began = _("交了申请")
    words = [began, *(step_words(step, package) for step in seen.steps)]
    return [{"n": n, "words": text, "beat": beat} for n, (text, beat) in enumerate(zip(words, seen.beats, strict=True))]


def _decided(one: trying.Decided, package: Package) -> dict[str, Any]:
    """A table that decided, with the rules that hit and what they read."""
    hits = [
        (rule.get("rule"), _flow(rule.get("inputs") or {}), "、".join(map(str, rule.get("annotations") or ())))
        for rule in (one.rules if isinstance(one.rules, list) else ())
        if isinstance(rule, Mapping)
    ]
    return {"at": _step_of(package, one.element), "name": one.decision, "result": _flow(one.result), "hits": hits}


#: By what a notice is sent.
_BY = {"sms": "短信", "screen": "站内", "wechat": "微信", "mail": "邮件"}


def notices_of(seen: trying.Seen) -> list[tuple[trying.Told, str]]:
    """Each notice once, with everybody it goes to and by what."""
    found: dict[tuple[str, str, datetime], tuple[trying.Told, list[str]]] = {}
    for one in seen.notices:
        _known, to = found.setdefault((one.kind, one.text, one.at), (one, []))
        to.append(f"{one.to} {_(_BY.get(one.channel, one.channel))}")
    return [(one, "、".join(dict.fromkeys(to))) for one, to in found.values()]


def _step_of(package: Package, element: str) -> str:
    return names.named(package.element_names.get(element, element))


#: How a step of a story is called, by its verb.
_VERBS = {
    "task": "办理：%(what)s",
    "message": "来了消息：%(what)s",
    "answer": "有了结果：%(what)s",
    "return": "退回：%(what)s",
    "extend": "延期：%(what)s",
    "vote": "表决：%(what)s",
    "review": "审核：%(what)s",
    "object": "提意见：%(what)s",
    "book": "预订：%(what)s",
    "cancel": "取消：%(what)s",
    "wait": "时间过了 %(what)s",
    "at": "时间到了 %(what)s",
    "open": "看开着的步骤",
}


def step_words(step: Mapping[str, Any], package: Package) -> str:
    verb = next((one for one in _VERBS if one in step), None)
    if verb is None:
        return _flow({key: value for key, value in step.items() if key not in ("at", "wait", "open")})
    what = step[verb]
    if verb in ("task", "return", "answer"):
        what = _step_of(package, str(what))
    return _(_VERBS[verb], what=what if isinstance(what, str) else _flow(what))


def _said(steps: list[dict[str, Any]]) -> list[tuple[dict[str, Any], str]]:
    """Steps of stories, each with what it brings."""
    return [(one, _flow(said)[:80] if (said := one.get("variables") or one.get("error")) else "") for one in steps]


def _flow(value: Any) -> str:
    return storing.flow(plain(value))


def _why(refused: Refused | None) -> dict[str, Any] | None:
    if refused is None:
        return None
    fields = refused.fields if isinstance(refused, Invalid) else ()
    return {
        "text": refused.en if english() else refused.zh,
        "fields": [(names.named(one.label) or one.field, one.en if english() else one.zh) for one in fields],
    }


def _now_words(seen: trying.Seen) -> str:
    open_ = "、".join(names.named(one.name) for one in seen.waiting)
    return _("现在等着：%(steps)s", steps=open_) if open_ else _("现在没有等着人办的步骤")


# ---------------------------------------------------------------- files, papers


@pages.post("/file")
@guard("designer", writes=False, takes="file")
def file(name: str) -> ResponseReturnValue:
    """A file that a form of a play takes: its name is all that a story has of it. What is in it is kept nowhere."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid([FieldError("file", "文件", "请选择文件", "Choose a file")])
    called = re.sub(r"[^\w.@: -]", "", sent.filename)[-80:]
    return jsonify(id=called, name=called)


@pages.post("/paper")
@guard("designer", writes=False)
def paper(name: str) -> ResponseReturnValue:
    """A paper of a play, to be looked at in a frame in which nothing runs."""
    of, code = request.form.get("of", ""), request.form.get("code", "")
    try:
        story = json.loads(request.form.get("story", ""))
    except (ValueError, RecursionError):
        story = None
    if not isinstance(story, dict) or not story.get("at"):
        raise NotFound("这次试走没有这份文书。", "This play issued no such paper.")
    page = tries.paper(package_of(name, of), story, code, content=edge.hall().settings.content)
    return Response(
        page,
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": PAPER_POLICY, "X-Frame-Options": "SAMEORIGIN"},
    )


# ---------------------------------------------------------------- kept as a story


@pages.post("/story")
@guard("designer", writes=False, takes="json")
def keep(name: str) -> ResponseReturnValue:
    """The play becomes a story of the draft, with what came of it; it is played once more there before it is kept."""
    said = _sent()
    called = str(said.get("called") or "").strip()[:120]
    if not called:
        raise Invalid([FieldError("called", "故事的名称", "请给故事起个名称", "Say what the story is called")])
    played = package_of(name, "draft" if said.get("of") == "draft" else "published")
    hall, story = edge.hall(), dict(said["story"])
    content = hall.settings.content
    seen = tries.look(played, story, content=content)
    if seen.refused is not None:
        raise seen.refused
    with hall.database.unit_of_work() as work:
        row = commands.begin(work, name, by=edge.actor(), now=edge.now())
        draft_id, path = row.id, stories.file_of(name)
        files = drafting.files_of(work, row, content)
        before, revision = b"", 0
        if path in files:
            before, revision = reads.content(work, reads.must_be(work, name, edge.actor()), path)
    told = storing.told(seen, story, called)
    if storing.has(files, name, told):  # sent twice: it is there already
        return _kept(name, called, path)
    if called in storing.names(files, name):
        raise Invalid([FieldError("called", "故事的名称", "已经有叫这个名称的故事", "There is a story of that name")])
    after = storing.put(before, told)
    whole = matters.read(name, {**files, path: after})
    last = next(one for one in stories.read(whole) if one.name == called)
    problems = tries.prove(whole, last, content=content)
    if problems:
        zh = f"存进草稿以后走不通：{'；'.join(problems[:3])}。草稿和试走的不一样时会这样，请从草稿试走"
        raise Invalid([FieldError("called", "故事", zh, f"In the draft it goes otherwise: {problems[0]}")])
    with hall.database.unit_of_work() as work:
        commands.save(work, draft_id, path, after, base=revision, by=edge.actor(), now=edge.now())
    return _kept(name, called, path)


def _kept(name: str, called: str, path: str) -> ResponseReturnValue:
    return jsonify(
        said=_("已存成故事“%(name)s”，在草稿的 stories.yaml 里。", name=called),
        location=url_for("drafting.edit", name=name, path=path),
    )
