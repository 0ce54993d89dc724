"""What residents see: one screen of doors, the matters, the application, their cases."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import forms
from engine.errors import FieldError, Invalid, NotFound
from engine.matters import Package
from engine.people import units
from engine.records import files, library
from web import edge, throttle
from web.edge import guard
from web.language import english

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


@pages.get("/")
@guard("anyone")
def home() -> ResponseReturnValue:
    return render_template("resident/home.html", functions=_functions(), tab="resident.home")


def _brief(package: Package) -> dict[str, Any]:
    info = package.info
    rules = info.limits.rules()
    promised = (rules.promised.en() if english() else rules.promised.zh()) if rules.promised else ""
    parts = [
        _("%(promised)s办好", promised=promised) if promised and rules.promised and rules.promised.n else _("当场办好"),
        info.fee,
    ]
    return {
        "name": package.name,
        "title": info.name_en if english() else info.name,
        "brief": " · ".join(p for p in parts if p),
        "words": (info.name, info.name_en, info.summary, *info.words, *info.functions),
        "functions": info.functions,
    }


def _published() -> list[Package]:
    return [p for p in library.published(edge.work()) if p.info.published]


@pages.get("/matters")
@guard("anyone")
def matters() -> ResponseReturnValue:
    query = request.args.get("q", "").strip()[:60]
    function = request.args.get("function", "")[:10]
    found = [_brief(p) for p in _published()]
    if function:
        found = [m for m in found if function in m["functions"]]
    if query:
        # Every character pair counts, so that 医保登记 finds 城乡居民医保参保登记.
        found = sorted((m for m in found if _fits(query, m["words"])), key=lambda m: -_fits(query, m["words"]))
    return render_template(
        "resident/matters.html",
        matters=found,
        query=query,
        function=function,
        function_words=dict((name, words) for name, words, _picture in _functions()).get(function, ""),
        tab="resident.matters",
    )


def _fits(query: str, words: tuple[str, ...]) -> float:
    text = " ".join(words).lower()
    query = query.lower()
    if query in text:
        return 2.0
    pairs = {query[i : i + 2] for i in range(len(query) - 1)} or {query}
    share = sum(p in text for p in pairs) / len(pairs)
    return share if share >= 0.5 else 0.0


_KINDS = {"required": "必须带", "shared": "不用带，我们来查", "deferrable": "可以后补", "optional": "有就带"}


@pages.get("/matters/<name>")
@guard("anyone")
def guide(name: str) -> ResponseReturnValue:
    package = library.current(edge.work(), name)
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
            "fee": info.fee,
            "visits": _("不用跑") if info.visits == 0 else _("%(n)s 次", n=info.visits),
            "scope": info.scope,
            "agent": info.agent,
            "results": info.results,
            "office": _office(info.office),
            "open": "online" in info.apply.channels,
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
                            m.note,
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
    words = {"village": _("村（社区）"), "town": _("乡镇"), "county": _("县大厅")}
    if code in words:
        return words[code]
    found = next((u for u in units.tree(edge.work()) if u.code.endswith(code)), None)
    return found.name if found else code


@pages.get("/apply/<name>")
@guard("resident")
def apply(name: str) -> ResponseReturnValue:
    package = library.current(edge.work(), name)
    _open_online(package)
    form = package.form(package.info.apply.form)
    return render_template(
        "resident/apply.html",
        title=package.info.name_en if english() else package.info.name,
        schema=forms.browser_schema(form),
        answers=_known(package),
        draft=f"{edge.actor().id}:apply:{name}:{package.version[:8]}",
        check=url_for("resident.check", name=name),
        tab="resident.matters",
    )


def _open_online(package: Package) -> None:
    if "online" not in package.info.apply.channels:
        raise NotFound(
            f"“{package.info.name}”不能在网上申请，请到窗口或打大厅电话。",
            "This matter is not open for applications online.",
        )


def _known(package: Package) -> dict[str, Any]:
    """What we know of the applicant already, laid into the form so that nothing is asked twice."""
    from engine.store.models import User

    person = edge.work().session.get(User, edge.actor().id)
    found: dict[str, Any] = {}
    if person is None:
        return found
    who = package.info.who
    paths = {path for path, _field in package.form(package.info.apply.form).walk()}
    for path, value in ((who.name, person.name), (who.phone, person.phone), (who.id_number, person.id_number)):
        if not path or not value or path not in paths:
            continue
        place = found
        *groups, last = path.split(".")
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return found


def _sent() -> dict[str, Any]:
    """The JSON a form's script sends."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("answers"), dict):
        raise Invalid([FieldError("", "", "送来的内容看不懂，请刷新这一页再试。", "Expected JSON with answers.")])
    return body


@pages.post("/apply/<name>/check")
@guard("resident", writes=False)
def check(name: str) -> ResponseReturnValue:
    """Check the answers as the command will, and show them in words. Nothing is stored."""
    package = library.current(edge.work(), name)
    _open_online(package)
    form = package.form(package.info.apply.form)
    answers = forms.check(form, _sent()["answers"], env=_env())
    rules = package.info.limits.rules()
    return jsonify(
        review=render_template(
            "resident/review.html",
            lines=forms.describe(form, answers, env=_env()),
            consent=package.info.apply.consent,
            promised=(rules.promised.en() if english() else rules.promised.zh()) if rules.promised else "",
            send=url_for("resident.send", name=name),
            once="",
        )
    )


def _env() -> Any:
    from engine import feel

    return feel.Env(now=edge.now(), calendar=edge.work().calendar)


@pages.post("/files")
@guard("signed-in", alone=True)
def upload() -> ResponseReturnValue:
    """Keep one chosen file; answers {id, name, size}."""
    throttle.count("upload", f"u{edge.actor().id}")
    sent = request.files.get("file")
    if sent is None:
        raise Invalid([FieldError("file", "", "没有选择文件。", "There is no file.")])
    with edge.hall().database.unit_of_work() as work:
        kept = files.upload(
            work, sent.read(), sent.filename or "", by=edge.actor(), now=edge.now(), label=sent.filename or _("文件")
        )
        work.session.flush()
        said = {"id": str(kept.id), "name": kept.name, "size": kept.size}
    return jsonify(said), 201


@pages.get("/book")
@guard("anyone")
def booking() -> ResponseReturnValue:
    return render_template(
        "resident/words.html",
        title=_("我要预约"),
        texts=[_("请打大厅电话预约，说明要办的事和方便的时间；周末和下班后也有人值守。")],
        tab="resident.booking",
    )


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
    about = request.args.get("about", "")[:40]
    texts = [_("有意见、建议、投诉，或看到要解决的问题，请告诉我们。投诉某位工作人员，不会转给他本人处理。")]
    if about:
        texts.insert(0, _("说的是办件 %(number)s。打电话时请报这个编号。", number=about))
    return render_template(
        "resident/words.html",
        title=_("我要反映"),
        texts=texts,
        matters=[_brief(p) for p in _published() if p.info.shape == "B"],
        tab="resident.home",
    )


@pages.get("/track")
@guard("anyone")
def track() -> ResponseReturnValue:
    return render_template("resident/track.html", found=None, number="", phone="", wrong=(), tab="resident.home")


@pages.post("/track")
@guard("anyone", alone=True)
def look_up() -> ResponseReturnValue:
    return render_template("resident/track.html", found=None, number="", phone="", wrong=(), tab="resident.home")


@pages.get("/mine")
@guard("resident")
def mine() -> ResponseReturnValue:
    return render_template("resident/mine.html", todo=(), cases=(), tab="resident.mine")


@pages.post("/apply/<name>")
@guard("resident")
def send(name: str) -> ResponseReturnValue:
    raise NotImplementedError
