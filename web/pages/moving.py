"""迁移: a designer moves the cases that run onto another version, and sees how it goes; a head of its office, or who
runs the hall, moves one."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import cases
from engine.commands import moving as verbs
from engine.errors import Invalid, NotFound, NotNow, Refused
from engine.reads import moves
from engine.records import library
from web import edge, names
from web.edge import guard
from web.language import english

pages = Blueprint("moving", __name__, url_prefix="/desk")

#: So many cases are looked at one by one before a move; the others when their turn comes.
LOOKED_AT = 200


def _kinds() -> dict[str, str]:
    """What the sorts of elements are called."""
    return {
        "UserTask": _("办理的一步"),
        "ServiceTask": _("自动做的一步"),
        "ScriptTask": _("自动做的一步"),
        "RuleTask": _("决策"),
        "ReceiveTask": _("等消息"),
        "Task": _("一步"),
        "CallActivity": _("调用"),
        "SubProcess": _("子流程"),
        "EventSubProcess": _("事件子流程"),
        "AdHoc": _("子流程"),
        "Exclusive": _("网关"),
        "Parallel": _("并行网关"),
        "Inclusive": _("网关"),
        "Complex": _("网关"),
        "EventGateway": _("等哪个先到"),
        "StartEvent": _("开始"),
        "CatchEvent": _("等待"),
        "BoundaryEvent": _("步骤上的事件"),
        "ThrowEvent": _("结束或抛出"),
    }


def _how() -> dict[str, str]:
    """How an element of the one drawing was known in the other."""
    return {
        "id": _("编号一样"),
        "name": _("名称一样"),
        "place": _("按位置猜的，请核对"),
        "chosen": _("您选的"),
        "none": _("没有找到"),
    }


def _states() -> dict[str, str]:
    """How it stands with a case of a plan."""
    return {
        "waiting": _("等着迁移"),
        "moved": _("迁好了"),
        "refused": _("没有迁"),
        "undone": _("撤销了"),
        "kept": _("撤销不了，仍按新版本办"),
    }


def _version(name: str, short: str) -> str:
    found = [one.whole for one in moves.versions(edge.work(), name, edge.actor()) if one.hash == short[:12]]
    if not found:
        raise NotFound("这个事项没有这一版，或者没有件按它办。", "This matter has no such version in use.")
    return found[0]


def _chosen(frm: str, to: str) -> dict[str, str]:
    """What was chosen otherwise than it is proposed."""
    proposed = {one.key: one.new for one in verbs.became(edge.work(), frm, to, {}, by=edge.actor())}
    given = {key[3:]: value for key, value in request.form.items() if key.startswith("is:")}
    return {key: value for key, value in given.items() if key in proposed and proposed[key] != value}


def _page(name: str, wrong: Refused | None = None) -> str:
    work, actor = edge.work(), edge.actor()
    listed = moves.versions(work, name, actor)
    package = library.current(work, name)
    names.about(package)
    to = package.version
    older = [one for one in listed if one.whole != to and one.cases]
    asked = request.values.get("from", "")
    frm = next((one for one in older if one.hash == asked[:12]), older[0] if len(older) == 1 else None)
    became, seen, chosen = [], [], {}
    if frm is not None:
        chosen = _chosen(frm.whole, to) if request.method == "POST" else {}
        became = verbs.became(work, frm.whole, to, chosen, by=actor)
        seen = verbs.preview(work, name, frm.whole, to, chosen, by=actor, now=edge.now(), most=LOOKED_AT)
    return render_template(
        "staff/moving.html",
        name=name,
        title=package.info.name,
        versions=listed,
        older=older,
        frm=frm,
        to=to[:12],
        shown=[one for one in became if one.how != "id" or not one.fits],
        same=sum(one.how == "id" and one.fits for one in became),
        seen=seen,
        ready=sum(not one.hinders for one in seen),
        plans=moves.plans(work, name, actor),
        why=request.form.get("why", "")[:400],
        wrong=wrong,
        kinds=_kinds(),
        how=_how(),
        lang=int(english()),
    )


@pages.get("/matters/<name>/moving")
@guard("designer")
def page(name: str) -> ResponseReturnValue:
    return _page(name)


@pages.post("/matters/<name>/moving/look")
@guard("designer", writes=False)
def look(name: str) -> ResponseReturnValue:
    """The same page, with what was chosen. Nothing is kept."""
    return _page(name)


@pages.post("/matters/<name>/moving")
@guard("designer")
def begin(name: str) -> ResponseReturnValue:
    work, actor = edge.work(), edge.actor()
    to = library.current(work, name).version
    frm = _version(name, request.form.get("from", ""))
    if request.form.get("which") == "all":
        chosen_cases = verbs.everything(work, name, frm, by=actor)
    else:
        ids = (edge.whole(one) for one in request.form.getlist("case"))
        chosen_cases = dict.fromkeys(ids, frm)
    said = _chosen(frm, to)
    try:
        plan = verbs.begin(
            work, name, to, {frm: said}, chosen_cases, request.form.get("why", ""), by=actor, now=edge.now()
        )
    except (Invalid, NotNow) as wrong:
        return _page(name, wrong), wrong.status
    return redirect(url_for("moving.plan", name=name, move_id=plan.id))


@pages.get("/matters/<name>/moving/<int:move_id>")
@guard("designer")
def plan(name: str, move_id: int) -> ResponseReturnValue:
    names.about(library.current(edge.work(), name))
    found = moves.plan(edge.work(), name, move_id, edge.actor())
    return render_template(
        "staff/moved.html",
        name=name,
        title=library.current(edge.work(), name).info.name,
        plan=found,
        states=_states(),
        shown=moves.SHOWN,
        lang=int(english()),
    )


def _told(name: str, move_id: int, verb: Callable[..., object], words: str) -> ResponseReturnValue:
    """Do this with a plan of the matter, say so, and show how far it is."""
    moves.plan(edge.work(), name, move_id, edge.actor(), shown=0)
    verb(edge.work(), move_id, by=edge.actor(), now=edge.now())
    flash(words)
    return redirect(url_for("moving.plan", name=name, move_id=move_id))


@pages.post("/matters/<name>/moving/<int:move_id>/stop")
@guard("designer")
def stop(name: str, move_id: int) -> ResponseReturnValue:
    return _told(name, move_id, verbs.stop, _("已停下，迁好的不变，没迁的按原来的版本办。"))


@pages.post("/matters/<name>/moving/<int:move_id>/again")
@guard("designer")
def again(name: str, move_id: int) -> ResponseReturnValue:
    return _told(name, move_id, verbs.go_on_again, _("接着迁，没迁成的再试一次。"))


@pages.post("/matters/<name>/moving/<int:move_id>/undo")
@guard("designer")
def undo(name: str, move_id: int) -> ResponseReturnValue:
    return _told(name, move_id, verbs.undo, _("正在撤销：还没有人办过的件回到原来的版本。"))


# ---------------------------------------------------------------- one case


@pages.get("/cases/<number>/version")
@guard("staff")
def one(number: str) -> ResponseReturnValue:
    return _one(number)


def _one(number: str, wrong: Refused | None = None) -> str:
    work, actor = edge.work(), edge.actor()
    case = moves.to_move(work, number, actor)
    current = moves.current(work, case.matter)
    hinders: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    not_now: Refused | None = None
    if current is None:
        not_now = NotNow("这个事项现在没有在用的版本。", "No version of this matter is in use.")
    else:
        names.about(library.version(work, current.whole))
        said = cases.last_chosen(work, case.matter, case.version_hash, current.whole)
        try:
            package = library.version(work, current.whole)
            found = cases.look_at_move(work, case, package, said, now=edge.now())
            hinders, notes = found.hinders, found.notes
        except NotNow as error:
            not_now = error
    undoable = cases.may_undo(work, case)
    return render_template(
        "staff/move_case.html",
        number=case.number,
        title=case.matter_name,
        stage=case.stage,
        frm=case.version_hash[:12],
        current=current,
        hinders=hinders,
        notes=notes,
        not_now=not_now,
        moves=moves.of_case(work, case.id),
        undoable=undoable.id if undoable is not None else None,
        why=request.form.get("why", "")[:400],
        wrong=wrong,
        lang=int(english()),
    )


@pages.post("/cases/<number>/version")
@guard("staff")
def move(number: str) -> ResponseReturnValue:
    """迁到现行版本."""
    work, actor = edge.work(), edge.actor()
    case = moves.to_move(work, number, actor)
    current = moves.current(work, case.matter)
    try:
        if current is None:
            raise NotNow("这个事项现在没有在用的版本。", "No version of this matter is in use.")
        said = cases.last_chosen(work, case.matter, case.version_hash, current.whole)
        why = request.form.get("why", "")
        cases.move_version(work, case.id, current.whole, said, why, by=actor, now=edge.now())
    except (Invalid, NotNow) as wrong:
        return _one(number, wrong), wrong.status
    flash(_("已迁到现行版本，从停着的地方接着办。停住的，现在可以重试。"))
    return redirect(url_for("moving.one", number=number))


@pages.post("/cases/<number>/version/undo")
@guard("staff")
def put_back(number: str) -> ResponseReturnValue:
    work, actor = edge.work(), edge.actor()
    case = moves.to_move(work, number, actor)
    found = cases.may_undo(work, case)
    if found is None:
        raise NotNow(
            "没有可以撤销的迁移：没有迁移过，或者迁移以后已经有人办过。",
            "There is no move to undo: there was none, or somebody has acted since.",
        )
    cases.undo_move(work, found.id, by=actor, now=edge.now())
    flash(_("已撤销，仍按原来的版本办。"))
    return redirect(url_for("moving.one", number=number))
