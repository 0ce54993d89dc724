"""What residents see first: one screen of doors, the matters and their guides, whom to ask, where to complain."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.matters import Package
from engine.matters.everyday import Elsewhere
from engine.matters.info import InTime
from engine.people import units
from engine.reads import coverage
from engine.records import library
from engine.workdays import ZONE, OpeningHours, UnknownYear, local_date
from web import edge, finding, formats, names
from web.edge import guard
from web.language import english
from web.names import named

pages = Blueprint("resident", __name__)

#: The six functions of the hall for a life (幼有所育 …), with the words and picture of each.
FUNCTIONS = (
    ("幼有所育", "child"),
    ("老有所养", "old"),
    ("病有所医", "health"),
    ("食有所安", "food"),
    ("居有所乐", "house"),
    ("事有所办", "work"),
)


def _functions() -> list[tuple[str, str, str]]:
    words = {
        "幼有所育": _("幼有所育"),
        "老有所养": _("老有所养"),
        "病有所医": _("病有所医"),
        "食有所安": _("食有所安"),
        "居有所乐": _("居有所乐"),
        "事有所办": _("事有所办"),
    }
    return [(name, words[name], picture) for name, picture in FUNCTIONS]


def _in_time(package: Package, rule: InTime) -> str:
    """Until when people may apply, as the guide says it."""
    fields = dict(package.form(package.info.apply.form).walk())
    label = fields[rule.before.path].label if rule.before.path in fields else rule.before.path
    said = rule.before.en(named(label)) if english() else rule.before.zh(label)
    return _("%(whom)s：%(until)s", whom=named(rule.says), until=said) if rule.says else said


@pages.get("/")
@guard("anyone")
def home() -> ResponseReturnValue:
    return render_template("resident/home.html", functions=_functions(), hours=_hours(), tab="resident.home")


def _hours() -> tuple[str, bool] | None:
    """(when the hall's counters are open today, or next; whether they are now). None: the year's holidays are not
    published yet, so nobody knows."""
    work, now = edge.work(), edge.now()
    county = next((one for one in units.tree(work) if one.parent_id is None), None)
    if county is None:  # nothing was put in yet
        return None
    hours = units.opening_hours(work, county.id) or OpeningHours(work.calendar)
    try:
        spans, opens = hours.on(local_date(now)), hours.next_open(now)
    except UnknownYear:
        return None
    if any(now.astimezone(ZONE).time() < end for _start, end in spans):
        today = _("、").join(
            f"{start:%H:%M}\u2060–\u2060{end:%H:%M}" for start, end in spans
        )  # never apart at a line's end
        return _("今天 %(hours)s", hours=today), hours.is_open(now)
    return (_("%(at)s开门", at=formats.moment(opens)), False) if opens is not None else None


def _brief(package: Package) -> dict[str, Any]:
    info = package.info
    rules = info.limits.rules()
    promised = (rules.promised.en() if english() else rules.promised.zh()) if rules.promised else ""
    parts = [
        "" if "online" in info.apply.channels else _("到窗口办"),
        _("%(promised)s办好", promised=promised) if promised and rules.promised and rules.promised.n else _("当场办好"),
        named(info.fee),
    ]
    return {
        "name": package.name,
        "title": info.name_en if english() else info.name,
        "brief": " · ".join(p for p in parts if p),
    }


def _published() -> list[Package]:
    """What residents may begin; not what the system opens (差评整改), nor what staff enter (网格巡查)."""
    return [p for p in library.published(edge.work()) if p.info.published and p.info.for_residents]


#: Words shown in the empty field of the search.
EXAMPLES = 3


def _examples(offered: list[Package]) -> list[str]:
    """What one may look for: the first word of each of the first matters that have one, in the reader's language."""
    words = [(p.info.words[0], p.info) for p in offered if p.info.words][:EXAMPLES]
    return [info.name_en if english() and named(word) == word else named(word) for word, info in words]


@pages.get("/matters")
@guard("anyone")
def matters() -> ResponseReturnValue:
    query = request.args.get("q", "").strip()[:60]
    function = request.args.get("function", "")[:10]
    offered = _published()
    found, elsewhere = [p for p in offered if not function or function in p.info.functions], []
    if query:
        hits = finding.find(query)
        if not hits:
            finding.missed_it(query)
        found = [hit.package for hit in hits if hit.package is not None]
        elsewhere = [_elsewhere(hit.elsewhere) for hit in hits if hit.elsewhere is not None]
        if hits and hits[0].package is None:  # what is meant is not done here: that is said first
            elsewhere[0]["first"] = True
    return render_template(
        "resident/matters.html",
        examples=_examples(offered),
        matters=[_brief(p) for p in found],
        elsewhere=elsewhere,
        query=query,
        function=function,
        functions=_functions(),
        nearby=bool(function) and coverage.public(edge.work()) is not None,
        function_words=dict((name, words) for name, words, _picture in _functions()).get(function, ""),
        tab="resident.matters",
    )


def _elsewhere(one: Elsewhere) -> dict[str, Any]:
    """What is not done here: which window, what to bring, which number to call."""
    return {
        "name": one.name_en if english() else one.name,
        "where": one.where_en if english() else one.where,
        "bring": one.bring_en if english() else one.bring,
        "phone": one.phone,
        "source": one.source,
        "first": False,
    }


def current(name: str) -> Package:
    """The matter this page is about."""
    package = library.current(edge.work(), name)
    names.about(package)
    return package


_KINDS = {"required": "必须带", "shared": "不用带，我们来查", "deferrable": "可以后补", "optional": "有就带"}


@pages.get("/matters/<name>")
@guard("anyone")
def guide(name: str) -> ResponseReturnValue:
    package = current(name)
    info = package.info
    rules = info.limits.rules()

    def limit(value: Any) -> str:
        return (value.en() if english() else value.zh()) if value is not None and value.n else ""

    return render_template(
        "resident/guide.html",
        tab="resident.matters",
        matter={
            "name": package.name,
            "title": info.name_en if english() else info.name,
            "summary": (info.summary_en or info.summary) if english() else info.summary,
            "promised": limit(rules.promised) or _("当场办好"),
            "statutory": limit(rules.statutory),
            "in_time": [_in_time(package, one) for one in info.apply.in_time],
            "fee": info.fee,
            "visits": _("不用跑") if info.visits == 0 else _("%(n)s 次", n=info.visits),
            "scope": info.scope_words,
            "agent": info.agent,
            "agent_words": info.agent_words,
            "family": "online" in info.apply.channels and info.readers != "confidential" and bool(info.who.id_number),
            "kept": _("一直保存")
            if info.retention.years == "permanent"
            else _("办结后 %(n)s 年，到期清除个人信息", n=info.retention.years),
            "results": info.results,
            "office": _office(info.office),
            "quiet": info.readers == "confidential",
            "open": "online" in info.apply.channels,
            "booked": any(getattr(one.what, "each", "") == package.name for one in package.declared("offers").values()),
            "conditions": info.conditions,
            "materials": [
                {
                    "name": m.name,
                    "words": " · ".join(
                        w
                        for w in (
                            _(_KINDS[m.kind]),
                            _("原件 %(n)s 份", n=m.originals) if m.originals else "",
                            _("复印件 %(n)s 份", n=m.copies) if m.copies else "",
                            named(m.note),
                        )
                        if w
                    ),
                }
                for m in info.materials
            ],
            "basis": [
                {"law": f"《{b.law}》" if "《" not in b.law else b.law, "article": b.article, "says": b.says}
                for b in info.basis
            ],
            "complaint": info.complaint.phone,
        },
    )


def _office(code: str) -> str:
    words = {
        "village": _("村（社区）"),
        "town": _("乡镇"),
        "county": _("县大厅"),
        "intake": _("收件的窗口"),
        "party": _("党组织"),
    }
    if code in words:
        return words[code]
    found = next((u for u in units.tree(edge.work()).standing if u.code.endswith(code)), None)
    return named(found.name) if found else code


@pages.get("/agent")
@guard("anyone")
def agent() -> ResponseReturnValue:
    return render_template(
        "resident/words.html",
        title=_("找人代办"),
        texts=[
            _("走不开、不会办，可以请村（社区）代办员帮您跑。代办不收费，只收法定的费用。"),
            _("下面这些事可以请人代办。点进去看要准备什么，或打电话请代办员上门。"),
        ],
        matters=[_brief(p) for p in _published() if p.info.agent],
        tab="resident.home",
    )


@pages.get("/report")
@guard("anyone")
def report() -> ResponseReturnValue:
    behind = library.behind(edge.work(), "report")
    return render_template(
        "resident/report.html",
        about=request.args.get("about", "")[:40],
        door=behind.name if behind is not None else "",
        tab="resident.home",
    )
