"""What a node of a diagram says about the people who work at it, in its `zeebe:properties`. Pure.

serves       the answers that say how the decided papers were handed over: their 送达回证 is issued
             (engine.commands.effects.hall_papers)
operations   comma-separated: what may be done here (OPERATIONS); all without it
write        paths that may be written; every other is then read-only
readonly     paths that are shown only
hidden       paths that are not shown
apart        comma-separated: agent, submitter, the id of a step (who did it last): they never get this task (回避)
shows        the path of answers that stand before the form: what is to be signed, in the words of the form they came
from
batch        true: may be done for several cases at once, with the same answers (批量办理)
decision     the answer that says yes or no (default: decision)
clock        correction: completing it is the applicant's correction (补正), and the clock runs again
"""

from __future__ import annotations

from collections.abc import Mapping

from engine import forms

#: What a person may do to a task.
OPERATIONS = (
    "claim",
    "unclaim",
    "draft",
    "complete",
    "return",
    "recall",
    "transfer",
    "delegate",
    "remind",
    "add_signer",
    "remove_signer",
    "copy",
)
#: Every property that something reads; another is a slip of the pen.
PROPERTIES = ("operations", "write", "readonly", "hidden", "batch", "decision", "apart", "serves", "clock", "shows")
#: Words of `apart` that are no step's id.
APART = frozenset({"agent", "submitter"})
#: Always allowed: without them nobody could work.
_ALWAYS = frozenset({"claim", "complete", "draft"})


def _listed(properties: Mapping[str, object], name: str) -> frozenset[str]:
    text = str(properties.get(name, "")).replace("，", ",")
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def apart(properties: Mapping[str, object]) -> frozenset[str]:
    """Who never gets this task: words of APART, and steps whose doer is meant.

    >>> sorted(apart({"apart": "agent, look"}))
    ['agent', 'look']
    """
    return _listed(properties, "apart")


def operations(properties: Mapping[str, object]) -> frozenset[str]:
    """What may be done at this node.

    >>> sorted(operations({"operations": "transfer"}))
    ['claim', 'complete', 'draft', 'transfer']
    """
    return (_listed(properties, "operations") or frozenset(OPERATIONS)) | _ALWAYS


def rights(form: forms.Form, properties: Mapping[str, object]) -> forms.Rights:
    """What may be done with the form's fields at this node."""
    read_only, write = _listed(properties, "readonly"), _listed(properties, "write")
    if write:
        every = {path for path, _ in form.walk()}
        covered = {p for p in every if any(p == w or p.startswith(f"{w}.") for w in write)}
        read_only |= {p for p in every - covered if not any(c.startswith(f"{p}.") for c in covered)}
    return forms.Rights(read_only=read_only, hidden=_listed(properties, "hidden"))


def batch(properties: Mapping[str, object]) -> bool:
    """Whether this step may be done for several cases at once. Only where the diagram says so."""
    return str(properties.get("batch", "")).strip().lower() == "true"
