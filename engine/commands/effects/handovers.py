"""交接: the effect that opens the next link of a chain, and what the end of a case means for things under way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine import feel, forms
from engine.commands import candidates, handover_rows
from engine.commands.changes import Change
from engine.commands.effects.facts import key_of
from engine.commands.handover_rows import End
from engine.deadlines import Limit
from engine.errors import NotNow, Outdated
from engine.matters.nouns import Declared
from engine.matters.nouns.handovers import Handover as Declaration
from engine.matters.nouns.handovers import HandoverLink as Link
from engine.people import bonds, holders, masks
from engine.plain import plain
from engine.process import Effect
from engine.reads import taking_part
from engine.records import audit, handovers, notices
from engine.store import keys
from engine.store.models import DecisionHit, Handover, HandoverLink, User
from engine.workdays import ZONE, local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying

#: The BPMN errors of the effect.
REFUSED, DIFFERENT = "REFUSED", "DIFFERENT"


def hand_over(a: Applying, effect: Effect) -> None:
    """Open the next link of this thing, or the one the task names. REFUSED at once where the decision says that it is
    not taken at all."""
    one, what = _declared(a, effect)
    item = str(effect.arguments.get("item") or "")[:80]
    chain = _chain(a, one.key, item)
    if chain is None and what.refuse and (why := _refused(a, effect, what)) is not None:
        said = {"handover": {"state": "refused", "note": why, "at": a.now.astimezone(ZONE).isoformat(), "link": ""}}
        a.throw(effect, REFUSED, why, said)
        return
    link = _link(a, effect, what, chain)
    giver, receiver = _end(a, link.giver), _end(a, link.receiver)
    if chain is None:
        chain = _first(a, effect, one, what, item, giver)
    elif chain.holder_end != giver.end:
        raise NotNow(
            f"“{link.name}”这一环要由“{giver.end}”交出，但东西现在在“{chain.holder_end}”手里。请先办前面的交接。",
            f"Expected {giver.end!r} to have it for the link {link.name!r}, but {chain.holder_end!r} has it.",
        )
    else:
        giver = _holding(chain, giver)
    _write(a, effect, what, link, chain, giver, receiver)


def _declared(a: Applying, effect: Effect) -> tuple[Declared, Declaration]:
    name = effect.headers.get("handover", "")
    one = a.package.declared("handovers").get(name)
    if one is None:
        raise Outdated(
            f"流程要交接“{name}”，但 matter.yaml 的 handovers 里没有。请补上。",
            f"The diagram hands over {name!r}, which is not among handovers of matter.yaml. Add it.",
            element=effect.element,
            needs=name,
        )
    assert isinstance(one.what, Declaration)
    return one, one.what


def _chain(a: Applying, kind: str, item: str) -> Handover | None:
    """The chain of this thing, when it has gone through a hand already. Whoever ended the link before in this
    transaction has it in hand: no statement is spent on it."""
    for known in a.work.session.identity_map.values():
        if isinstance(known, Handover) and (known.case_id, known.kind, known.item) == (a.case.id, kind, item):
            return known
    return a.work.session.scalar(
        select(Handover).where(Handover.case_id == a.case.id, Handover.kind == kind, Handover.item == item)
    )


def _refused(a: Applying, effect: Effect, what: Declaration) -> str | None:
    """Why the decision does not take it; None: it does. Which rules hit is kept, as of every decision."""
    model = a.package.decisions[what.refuse]
    env = feel.Env(now=a.now, calendar=a.work.calendar, unit=a.office.code)
    found = model.evaluate(what.refuse, dict(a.variables), env)
    value = plain(found.value)
    a.work.session.add(
        DecisionHit(
            case_id=a.case.id,
            element=effect.element,
            decision=what.refuse,
            rules=[hit.as_json() for hit in found.hits],
            result=value,
            at=a.now,
        )
    )
    if not isinstance(value, Mapping) or value.get("outcome") != "refuse":
        return None
    return str(value.get("reason") or "按规定不能收。")


def _link(a: Applying, effect: Effect, what: Declaration, chain: Handover | None) -> Link:
    """The link the task names; else the one after the last, in the order of the matter."""
    named = effect.headers.get("link", "")
    if named:
        found = what.link(named)
        if found is not None:
            return found
    elif (n := chain.links if chain is not None else 0) < len(what.links):
        return what.links[n]
    raise NotNow(
        f"“{what.name}”的 {len(what.links)} 环都已经开过，没有下一环。请在“交接”这一步写明是哪一环。",
        f"Expected a next link of {what.name_en}, but all {len(what.links)} were opened. Name the link in the task.",
    )


# ---------------------------------------------------------------- who is at an end


def _end(a: Applying, name: str) -> End:
    case, info = a.case, a.package.info
    if name == "applicant":
        return _person(a, name, case.applicant_name, case.applicant_phone, case.applicant_id)
    if name == "agent" and (agent := bonds.mandate(a.work, case, local_date(a.now))) is not None:
        return _person(a, name, agent.holder_name, agent.holder_phone, agent.holder_id)
    if (group := info.groups.get(name)) is not None:
        meant = candidates.unit_at(a.work, group.at or "office", place=a.place, intake=a.intake, office=a.office)
        unit = holders.nearest(a.work, meant, group.post)
        return End(name, f"p:{unit.id}:{group.post}", group.name or unit.name, unit.phone or None, unit.id)
    if (role := info.parties.get(name)) is not None:
        found = taking_part.rows(a.variables, role)
        if len(found) == 1:
            row = found[0]
            chosen = a.case.chosen.get(name, []) if role.post else []
            phone = str(row.get(role.keys.phone) or "").strip() or None
            return _person(a, name, str(row[role.keys.name]), phone, chosen[0] if len(chosen) == 1 else None)
        zh = "还没有写明是谁" if not found else f"有 {len(found)} 个人"
        en = "names nobody yet" if not found else f"names {len(found)} people"
        raise NotNow(
            f"交接的一头“{role.name}”{zh}（答案 {role.source}），不知道交给哪一位。请先在前面的步骤写明一个人。",
            f"Expected one {role.name_en} in the answer {role.source}, but it {en}. Name one person in a step before.",
            field=role.source,
        )
    raise NotNow(
        f"交接的一头“{name}”现在没有人。请先确定是谁，再交接。",
        f"Expected somebody at the end {name!r} of the hand-over, but there is nobody now. Decide who it is first.",
    )


def _person(a: Applying, end: str, name: str, phone: str | None, user_id: int | None) -> End:
    user = a.work.session.get(User, user_id) if user_id is not None else None
    if user is None and phone:
        user = handover_rows.account_of(a.work, name, phone)
    if user is not None:
        return End(end, f"u:{user.id}", name or user.name, phone or user.phone, None, user.id)
    if not phone:
        raise NotNow(
            f"“{name or end}”没有账号也没有电话，交接时无法确认是本人。请补上电话。",
            f"Expected an account or a telephone of {end!r}, but there is neither: nobody could tell that it is they.",
        )
    return End(end, f"t:{keys.blind('phone', phone)}", name, phone)


def _holding(chain: Handover, giver: End) -> End:
    """Who has it gives it: the post or person the last link brought it to, though the matter would name another now."""
    if chain.holder_key == giver.key:
        return giver
    return End(giver.end, chain.holder_key, chain.holder_name, giver.phone, giver.unit_id)


# ---------------------------------------------------------------- the rows


def _first(a: Applying, effect: Effect, one: Declared, what: Declaration, item: str, giver: End) -> Handover:
    given = effect.arguments.get("thing")
    if given is None and what.thing.source:
        given = forms.dig(a.variables, what.thing.source)
    listed = handover_rows.lines(plain(given))
    if not listed and what.thing.kind == "originals":
        listed = [f"{m.name} × {m.originals}" for m in a.package.info.materials if m.originals]
    chain = Handover(
        case_id=a.case.id,
        kind=one.key,
        item=item,
        name=what.thing.words[:60],
        name_en=what.thing.words_en[:120],
        thing_kind=what.thing.kind,
        thing=listed,
        unit_id=a.case.office_id,
        place_id=a.case.place_id,
        holder_end=giver.end,
        holder_key=giver.key,
        holder_name=giver.name,
        opened_at=a.now,
    )
    a.work.session.add(chain)
    a.work.session.flush()
    return chain


def _write(
    a: Applying, effect: Effect, what: Declaration, link: Link, chain: Handover, giver: End, receiver: End
) -> None:
    waiting = handover_rows.open_of(a.work, chain.id) if chain.held_by_link < chain.links else None
    if waiting is not None:  # the diagram went another way: that link will not be
        handover_rows.drop(a.work, waiting, case=a.case, by=a.by, now=a.now)
    chain.links += 1
    row = HandoverLink(
        handover_id=chain.id,
        n=chain.links,
        tag=handovers.new_tag(),
        secret=handovers.new_secret(),
        effect=effect.id,
        giver_end=giver.end,
        giver_key=giver.key,
        giver_name=giver.name,
        giver_phone=giver.phone,
        receiver_end=receiver.end,
        receiver_key=receiver.key,
        receiver_name=receiver.name,
        receiver_phone=receiver.phone,
        unit_id=receiver.unit_id or giver.unit_id or a.case.office_id,
        place_id=a.case.place_id,
        proof=list(what.proofs(link)),
        photo=what.photo,
        witness=what.in_person.witness if what.in_person is not None else True,
        post=what.in_person.post if what.in_person is not None else "",
        opened_at=a.now,
        due_at=due(a, what.limit(link)),
    )
    a.work.session.add(row)
    a.record(
        audit.Kind.HANDOVER_OPENED,
        facts={"handover": chain.id, "n": row.n, "from": giver.key, "to": receiver.key, "element": effect.element},
    )
    a.changes.append(Change("handover", chain.name, who=f"{giver.name} → {receiver.name}", at=row.due_at))
    for side, mine, other in (("giver", giver, receiver), ("receiver", receiver, giver)):
        if not mine.key.startswith("p:"):
            _tell(a, effect, chain, row, side, mine, other)  # type: ignore[arg-type]


def due(a: Applying, limit: str) -> datetime | None:
    return a.ledger.step_due(Limit.parse(limit), a.now).due_at if limit else None


def _tell(
    a: Applying, effect: Effect, chain: Handover, row: HandoverLink, side: handovers.Side, mine: End, other: End
) -> None:
    """A person is told what waits for them; their code goes to their own telephone and nowhere else."""
    code, phone = handovers.code(row, side), a.package.info.contact.phone or a.office.phone
    who = other.name if other.key.startswith("p:") else masks.name(other.name)
    does, does_en = (
        (f"请交给{who}", f"give it to {who}") if side == "giver" else (f"请向{who}领取", f"take it from {who}")
    )
    asks, asks_en = ("对方", "them") if side == "giver" else ("交东西的人", "whoever gives it")
    zh = f"{chain.name}（{a.case.number}）：{does}。可在“我的交接”里出示二维码"
    en = f"{chain.name_en} ({a.case.number}): {does_en}. Show the QR in My hand-overs"
    texts = {
        "screen": (f"{zh}。电话 {phone}。", f"{en}. Telephone {phone}."),
        "sms": (
            f"{zh}，或当面把号码 {code} 报给{asks}，没见到东西不要报。电话 {phone}。",
            f"{en}, or tell {asks_en} the code {code} when you see the thing. Telephone {phone}.",
        ),
    }
    for channel, (text, text_en) in texts.items():
        if (channel == "sms" and not mine.phone) or (channel == "screen" and mine.user_id is None):
            continue
        notices.put(
            a.work,
            f"{key_of(a, effect)}:{side}:{channel}",
            text,
            text_en=text_en,
            kind="handover",
            now=a.now,
            channel=channel,
            user_id=mine.user_id,
            address=mine.phone if channel == "sms" else None,
            case_id=a.case.id,
        )


# ---------------------------------------------------------------- the end of a case


def case_ended(a: Applying) -> None:
    """A case ended: what was to be handed over is not any more. A thing that was under way stays on the list of whoever
    has it; any other is where it belongs."""
    if not a.package.declared("handovers"):
        return
    chains = a.work.session.scalars(
        select(Handover).where(Handover.case_id == a.case.id, Handover.ended_at.is_(None))
    ).all()
    for chain in chains:
        waiting = handover_rows.open_of(a.work, chain.id)
        if waiting is not None:
            handover_rows.drop(a.work, waiting, case=a.case, by=a.by, now=a.now)
        if waiting is None or chain.held_by_link == 0:
            chain.ended_at = a.now
