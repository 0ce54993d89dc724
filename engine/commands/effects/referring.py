"""移送: another office may handle the case, and has it from now on.

Its owner changes and nothing else: the clocks run on from the first receipt, what waits for a post of the office waits
for the new one's, the slip (移送单) lists what goes along, originals are handed over the same day as any thing is
(交接), and the office before goes on seeing the case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.commands import candidates
from engine.commands.changes import Change
from engine.commands.effects import handovers
from engine.commands.effects.facts import key_of, received, texts
from engine.commands.effects.notices import say_to
from engine.commands.effects.papers import issue
from engine.errors import NotFound, NotNow
from engine.matters.info import Notice
from engine.people import apart
from engine.people.units import Place
from engine.process import Effect
from engine.records import audit
from engine.store.models import Document, File, RegisterEntry
from engine.workdays import local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying

#: The hand-over slip: a kind of paper of the hall (forms/_shared/papers).
PAPER = "transfer"
REGISTER = "移送台账"

REFERRED = Notice(
    zh="{office}：办件 {number}（{matter}）由{before}移送给你们，办理时限从第一次收件起连续计算，{due}前办结。",
    en="{office}: case {number} ({matter}) was referred to you by {before}. Its time runs on; it is due {due}.",
)


def refer(a: Applying, effect: Effect) -> None:
    """The case goes to this unit: a unit's code, or a group of matter.yaml. Refused without a reason, to itself, to
    nobody."""
    reason = "；".join(texts(effect.arguments.get("reason")))
    after = _receiver(a, str(effect.arguments.get("unit") or effect.headers.get("unit") or ""))
    hand_on(a, after, reason, key=key_of(a, effect), organ=effect.headers.get("organ", ""))


def hand_on(a: Applying, after: Place, reason: str, *, key: str, organ: str = "") -> None:
    """The same, whoever says so: a diagram, or a supervisor. `key` names what asked for it."""
    before = a.office
    if after.id == before.id:
        raise NotNow(
            f"办件已经在{before.name}，不用移送。请另选接收单位。",
            f"Expected another office than {before.name}, which has the case already: choose another.",
        )
    if not reason.strip():
        raise NotNow(
            "移送要写明理由，接收单位和申请人都会看到。请在“移送”这一步写上理由。",
            "Expected the reason of the referral, but it is empty: the receiving office and the applicant read it.",
        )
    originals = [f"{one['name']} × {one['originals']}" for one in received(a) if one.get("originals")]
    slip = {"transfer": _slip(a, before, after, reason, originals)}
    issue(a, PAPER, key, slip, organ=organ)
    a.case.office_id = after.id
    a.case.past_offices = apart.write(apart.read(a.case.past_offices) | {before.id})
    a.case.referred_at = a.now
    moved = a.follow_office()
    handovers.referred(a, before, originals, moved)
    a.work.session.add(
        RegisterEntry(
            register=REGISTER,
            case_id=a.case.id,
            unit_id=before.id,
            at=a.now,
            by_id=a.by.id,
            facts={"from": before.name, "to": after.name, "reason": reason},
        )
    )
    a.record(
        audit.Kind.CASE_REFERRED,
        facts={
            "from": before.id,
            "to": after.id,
            "register": REGISTER,  # the reason stands there: words never stand in the record
            "tasks": [task.element for task in moved],
        },
    )
    a.changes.append(Change("refers", after.name, who=before.name))
    say_to(a, key, "referred", REFERRED, "unit", facts={"before": before.name}, channels=("screen",))


def _receiver(a: Applying, named: str) -> Place:
    group = a.package.info.groups.get(named)
    try:
        if group is not None:
            return candidates.unit_of(a.work, group, a.variables, place=a.place, intake=a.intake, office=a.office)
        return candidates.unit_at(a.work, named, place=a.place, intake=a.intake, office=a.office)
    except NotFound:
        raise NotFound(
            f"流程要把办件移送给“{named}”，但没有代码为“{named}”的单位。请核对“接收单位”写的单位代码。",
            f"The diagram refers the case to {named!r}, but there is no unit with that code: check the receiving unit.",
        ) from None


def _slip(a: Applying, before: Place, after: Place, reason: str, originals: list[str]) -> dict[str, object]:
    """What the hand-over slip says: from whom to whom, why, and all that goes along."""
    a.work.written(File, Document)
    files = a.work.session.scalars(
        select(File.name).where(File.case_id == a.case.id, ~File.field.startswith("paper:")).order_by(File.id)
    )
    papers = a.work.session.execute(
        select(Document.title, Document.number)
        .where(Document.case_id == a.case.id, Document.state != "void")
        .order_by(Document.id)
    )
    return {
        "from": before.name,
        "to": after.name,
        "reason": reason,
        "received_on": local_date(a.case.received_at).isoformat(),
        "originals": originals,
        "files": list(dict.fromkeys(files)),
        "papers": [{"title": title, "number": number or "—"} for title, number in papers],
    }
