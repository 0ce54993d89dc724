"""联办, 消息, 信号, 数据共享: what a case asks of other cases and of sources outside. Each is a job, so that no two
cases are locked at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.commands.effects import for_each
from engine.commands.effects.facts import key_of
from engine.process import Effect
from engine.records import audit, jobs, messages

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def open_child(a: Applying, effect: Effect) -> None:
    given = effect.arguments.get("variables")
    payload = {
        "matter": effect.headers.get("matter", ""),
        "unit": effect.arguments.get("unit"),
        "parent": a.case.id,
        "effect": effect.id if effect.kind == "run-child-case" else None,
        "by": a.by.id,
    }
    jobs.put(
        a.work,
        jobs.Kind.OPEN_CHILD,
        f"child:{key_of(a, effect)}",
        payload,
        now=a.now,
        case_id=a.case.id,
        private=dict(given) if isinstance(given, Mapping) else {},
    )
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "matter": payload["matter"]})


def answer_parent(a: Applying) -> None:
    """A case that was waited for has ended: its parent is told, in a job of its own, so that two cases are never locked
    at once."""
    if a.case.parent_id is None or not a.case.parent_key:
        return
    if a.case.parent_key.startswith(for_each.KEY):
        jobs.put(
            a.work,
            jobs.Kind.FOR_EACH_ENDED,
            f"each-ended:{a.case.number}",
            {"item": int(a.case.parent_key.removeprefix(for_each.KEY)), "child": a.case.id},
            now=a.now,
            case_id=a.case.id,
        )
        return
    jobs.put(
        a.work,
        jobs.Kind.ANSWER_PARENT,
        f"answer:{a.case.number}",
        {"parent": a.case.parent_id, "effect": a.case.parent_key, "child": a.case.id},
        now=a.now,
        case_id=a.case.id,
    )


def message(a: Applying, effect: Effect) -> None:
    messages.throw(a.work, a.case, effect.id, effect.arguments, now=a.now)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "message": str(effect.arguments.get("name") or "")})


def signal(a: Applying, effect: Effect) -> None:
    messages.broadcast(a.work, a.case, effect.id, effect.arguments, now=a.now)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "signal": str(effect.arguments.get("name") or "")})


def share(a: Applying, effect: Effect) -> None:
    payload = {"source": effect.headers.get("source", ""), "effect": effect.id, "case": a.case.id, "looked": 0}
    jobs.put(
        a.work,
        jobs.Kind.SHARE_DATA,
        f"share:{key_of(a, effect)}",
        payload,
        now=a.now,
        case_id=a.case.id,
        private=dict(effect.arguments),
    )
    a.record(
        audit.Kind.EFFECT,
        facts={
            "kind": effect.kind,
            "source": payload["source"],
            "purpose": str(effect.arguments.get("purpose") or ""),
        },
    )
