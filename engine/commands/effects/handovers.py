"""交接: the effect that opens the next link of a chain; what a referral, a decision and the end of a case mean for
things under way.

A link is waited for by the case (the effect's id stands in it), or goes on beside it: then the next opens by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from engine import feel, forms
from engine.commands import candidates, handover_rows
from engine.commands.candidates import COUNTER
from engine.commands.changes import Change
from engine.commands.effects.facts import key_of
from engine.commands.handover_rows import End
from engine.deadlines import Limit
from engine.errors import NotNow, Outdated
from engine.matters.nouns import Declared
from engine.matters.nouns.handovers import Handover as Declaration
from engine.matters.nouns.handovers import HandoverLink as Link
from engine.matters.nouns.handovers import HandoverThing
from engine.people import bonds, holders, masks, units
from engine.people.units import Place
from engine.plain import plain
from engine.process import Effect
from engine.reads import taking_part
from engine.records import audit, handovers, notices
from engine.store import keys
from engine.store.models import DecisionHit, Handover, HandoverLink, Task, User
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
    if what.beside and "thing" in effect.arguments and not _lines(a, effect, what):
        a.answer(effect, {"handover": {"state": "none"}})  # nothing was taken in: nothing is on its way
        return
    chain, waiting = _chain(a, one.key, item)
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
    terms = Terms.of(what, link)
    if not what.beside:
        write(a, terms, chain, giver, receiver, waiting=waiting, waits=effect.id, key=key_of(a, effect))
        return
    write(a, terms, chain, giver, receiver, waiting=waiting, waits=None, key=key_of(a, effect))
    a.answer(effect, {"handover": {"state": "open", "link": link.name}})


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


def _chain(a: Applying, kind: str, item: str) -> tuple[Handover | None, HandoverLink | None]:
    """The chain of this thing, when it has gone through a hand already, and its link that is open. Whoever ended the
    link before in this transaction has it in hand: no statement is spent on it."""
    for known in a.work.session.identity_map.values():
        if isinstance(known, Handover) and (known.case_id, known.kind, known.item) == (a.case.id, kind, item):
            return known, handover_rows.open_of(a.work, known.id) if known.held_by_link < known.links else None
    found = a.work.session.execute(
        select(Handover, HandoverLink)
        .outerjoin(HandoverLink, (HandoverLink.handover_id == Handover.id) & (HandoverLink.state == "open"))
        .where(Handover.case_id == a.case.id, Handover.kind == kind, Handover.item == item)
    ).one_or_none()
    if found is None:
        return None, None
    chain, waiting = found
    if waiting is not None:
        set_committed_value(waiting, "handover", chain)
    return chain, waiting


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
    """The link the task names; else the one after the last that was taken, in the order of the matter: what was not
    taken is handed over again."""
    named = effect.headers.get("link", "")
    if named:
        found = what.link(named)
        if found is not None:
            return found
    elif (n := _next(a, what, chain)) < len(what.links):
        return what.links[n]
    raise NotNow(
        f"“{what.name}”的 {len(what.links)} 环都已经开过，没有下一环。请在“交接”这一步写明是哪一环。",
        f"Expected a next link of {what.name_en}, but all {len(what.links)} were opened. Name the link in the task.",
    )


def _next(a: Applying, what: Declaration, chain: Handover | None) -> int:
    """Which link of the matter comes now, from 0."""
    if chain is None:
        return 0
    known = (one for one in a.work.session.identity_map.values() if isinstance(one, HandoverLink))
    last = next((one for one in known if (one.handover_id, one.n) == (chain.id, chain.links)), None)
    if last is None:
        last = a.work.session.scalar(
            select(HandoverLink).where(HandoverLink.handover_id == chain.id, HandoverLink.n == chain.links)
        )
    names = [(one.giver, one.receiver) for one in what.links]
    if last is None or (last.giver_end, last.receiver_end) not in names:
        return chain.links
    return names.index((last.giver_end, last.receiver_end)) + (1 if chain.held_by_link == chain.links else 0)


# ---------------------------------------------------------------- who is at an end


def _end(a: Applying, name: str) -> End:
    case, info = a.case, a.package.info
    if name == "applicant":
        return _person(a, name, case.applicant_name, case.applicant_phone, case.applicant_id)
    if name == "agent" and (agent := bonds.mandate(a.work, case, local_date(a.now))) is not None:
        return _person(a, name, agent.holder_name, agent.holder_phone, agent.holder_id)
    if (group := info.groups.get(name)) is not None:
        meant = candidates.unit_of(a.work, group, a.variables, place=a.place, intake=a.intake, office=a.office)
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


def _lines(a: Applying, effect: Effect, what: Declaration) -> list[str]:
    given = effect.arguments.get("thing")
    if given is None and what.thing.source:
        given = forms.dig(a.variables, what.thing.source)
    return handover_rows.lines(plain(given))


def _first(a: Applying, effect: Effect, one: Declared, what: Declaration, item: str, giver: End) -> Handover:
    listed = _lines(a, effect, what)
    if not listed and what.thing.kind == "originals":
        listed = [f"{m.name} × {m.originals}" for m in a.package.info.materials if m.originals]
    return begin(a, one.key, item, what.thing, listed, giver)


def begin(a: Applying, kind: str, item: str, thing: HandoverThing, listed: list[str], giver: End) -> Handover:
    """A thing on its way: its first giver has it."""
    chain = Handover(
        case_id=a.case.id,
        kind=kind,
        item=item,
        name=thing.words[:60],
        name_en=thing.words_en[:120],
        thing_kind=thing.kind,
        thing=listed,
        unit_id=a.case.office_id,
        place_id=a.case.place_id,
        holder_end=giver.end,
        holder_key=giver.key,
        holder_name=giver.name,
        links=0,
        held_by_link=0,
        opened_at=a.now,
    )
    return chain  # written with its first link


@dataclass(frozen=True, slots=True)
class Terms:
    """What a link asks of its two ends."""

    proofs: tuple[str, ...]
    photo: str
    limit: str
    witness: bool
    post: str

    @classmethod
    def of(cls, what: Declaration, link: Link) -> Terms:
        person = what.in_person
        return cls(
            what.proofs(link),
            what.photo,
            what.limit(link),
            person.witness if person is not None else True,
            person.post if person is not None else "",
        )


def write(
    a: Applying,
    terms: Terms,
    chain: Handover,
    giver: End,
    receiver: End,
    *,
    waiting: HandoverLink | None = None,
    waits: str | None,
    key: str,
) -> None:
    """The next link of a chain opens, and the chain itself is written when it is its first. waiting: its link that is
    open. waits: the effect that the case waits for; None: it goes on beside the case."""
    if waiting is None and chain.held_by_link < chain.links:
        waiting = handover_rows.open_of(a.work, chain.id)
    if waiting is not None:  # the diagram went another way: that link will not be
        handover_rows.drop(a.work, waiting, case=a.case, by=a.by, now=a.now)
    chain.links += 1
    if chain.id is None:
        a.work.insert(chain)
    row = HandoverLink(
        handover_id=chain.id,
        n=chain.links,
        tag=handovers.new_tag(),
        secret=handovers.new_secret(),
        effect=waits,
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
        proof=list(terms.proofs),
        photo=terms.photo,
        witness=terms.witness,
        post=terms.post,
        opened_at=a.now,
        due_at=due(a, terms.limit),
    )
    a.work.session.add(row)
    a.record(
        audit.Kind.HANDOVER_OPENED,
        facts={"handover": chain.id, "n": row.n, "from": giver.key, "to": receiver.key},
    )
    a.changes.append(Change("handover", chain.name, who=f"{giver.name} → {receiver.name}", at=row.due_at))
    for side, mine, other in (("giver", giver, receiver), ("receiver", receiver, giver)):
        if not mine.key.startswith("p:"):
            _tell(a, key, chain, row, side, mine, other)  # type: ignore[arg-type]


def due(a: Applying, limit: str) -> datetime | None:
    if not limit:
        return None
    within = Limit.parse(limit)
    until = a.ledger.step_due(within, a.now).due_at
    if within.n == 0 and until is not None and until <= a.now:  # 下班以后: the same day is the next working day
        until = a.ledger.step_due(Limit(1, "wd"), a.now).due_at
    return until


def _tell(
    a: Applying, key: str, chain: Handover, row: HandoverLink, side: handovers.Side, mine: End, other: End
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
            f"{key}:{side}:{channel}",
            text,
            text_en=text_en,
            kind="handover",
            now=a.now,
            channel=channel,
            user_id=mine.user_id,
            address=mine.phone if channel == "sms" else None,
            case_id=a.case.id,
        )


# ---------------------------------------------------------------- beside the case


def declared(a: Applying, kind: str) -> Declaration | None:
    """The declaration of a chain; None: one the hall made itself when the case was referred."""
    one = next((one for one in a.package.declared("handovers").values() if one.key == kind), None)
    return one.what if one is not None and isinstance(one.what, Declaration) else None


def follow(a: Applying, link: HandoverLink) -> None:
    """A link that nobody waits for was signed: the next one opens, or the thing is where it belongs."""
    chain, what = link.handover, declared(a, link.handover.kind)
    following = what.after(link.giver_end, link.receiver_end) if what is not None else None
    if what is not None and following is not None:
        _open(a, what, following, chain)
    elif not chain.holder_key.startswith("p:"):
        chain.ended_at = a.now  # its owner has it


def again(a: Applying, chain: Handover, last: HandoverLink) -> None:
    """A link beside the case was refused: whoever has the thing gives it to the same end once more."""
    what = declared(a, chain.kind)
    link = next((one for one in (*what.links, *what.back) if one.receiver == last.receiver_end), None) if what else None
    terms = (
        Terms.of(what, link)
        if what is not None and link is not None
        else Terms(tuple(last.proof), last.photo, SAME_DAY, last.witness, last.post)
    )
    giver = End(chain.holder_end, chain.holder_key, chain.holder_name, last.giver_phone, _unit_of(chain.holder_key))
    receiver = End(
        last.receiver_end, last.receiver_key, last.receiver_name, last.receiver_phone, _unit_of(last.receiver_key)
    )
    write(a, terms, chain, giver, receiver, waits=None, key=_key(a, chain))


def decided(a: Applying) -> None:
    """The case was decided: what was taken in for it goes back, and what its owner still has is asked for no more."""
    if any(isinstance(one.what, Declaration) and one.what.back for one in a.package.declared("handovers").values()):
        for chain in _live(a):
            what = declared(a, chain.kind)
            if _starts_back(a, chain) or what is None or not what.back or chain.holder_key.startswith("p:"):
                continue
            waiting = handover_rows.open_of(a.work, chain.id)
            if waiting is not None:
                handover_rows.drop(a.work, waiting, case=a.case, by=a.by, now=a.now)
            chain.ended_at = a.now


def _live(a: Applying) -> Sequence[Handover]:
    return a.work.session.scalars(
        select(Handover).where(Handover.case_id == a.case.id, Handover.ended_at.is_(None)).order_by(Handover.id)
    ).all()


def _starts_back(a: Applying, chain: Handover) -> bool:
    """Whether the thing is on its way back now, from wherever it is. What is lost is not."""
    if chain.lost_at is not None:
        return False
    what = declared(a, chain.kind)
    way = what.back if what is not None else ()
    link = next((one for one in way if one.giver == chain.holder_end), None)
    if what is None or link is None:
        return False
    waiting = handover_rows.open_of(a.work, chain.id) if chain.held_by_link < chain.links else None
    if waiting is not None and (waiting.giver_end, waiting.receiver_end) == (link.giver, link.receiver):
        return True
    _open(a, what, link, chain)
    return True


def _open(a: Applying, what: Declaration, link: Link, chain: Handover) -> None:
    giver, receiver = _holding(chain, _end(a, link.giver)), _end(a, link.receiver)
    if giver.key == receiver.key:  # one post is both ends: it has the thing already
        chain.holder_end, chain.holder_name = receiver.end, receiver.name
        following = what.after(link.giver, link.receiver)
        if following is not None:
            _open(a, what, following, chain)
        return
    write(a, Terms.of(what, link), chain, giver, receiver, waits=None, key=_key(a, chain))


def _key(a: Applying, chain: Handover) -> str:
    return f"{a.case.number}:handover:{chain.id}:{chain.links + 1}"


def _unit_of(key: str) -> int | None:
    return int(key.split(":")[1]) if key.startswith("p:") else None


# ---------------------------------------------------------------- the case goes to another office

#: Same day: by the end of opening hours, or of the next working day's when they are over (全城通办).
SAME_DAY = "0wd"
#: What the hall itself hands over when a case with originals is referred and the matter declares nothing.
ORIGINALS = "~originals"
_THING = HandoverThing(kind="originals", words="材料原件", words_en="Originals")
_OF_HALL = Terms(("qr", "code", "signature"), "different", SAME_DAY, True, "")
#: What travels with a case.
_TRAVELS = ("originals", "papers")


def referred(a: Applying, before: Place, originals: Sequence[str], moved: Sequence[Task]) -> None:
    """移送: what lies with the case goes to the new office the same day, signed by both ends; nobody waits for it.

    originals: what the counter took in on paper, for a case whose matter declares no hand-over of them.
    """
    if a.case.decided_at is not None:
        return  # what was taken in is on its way back to its owner
    chains = [one for one in _live(a) if one.thing_kind in _TRAVELS]
    if not chains and originals:
        unit = holders.nearest(a.work, a.intake, COUNTER)
        giver = End("intake", f"p:{unit.id}:{COUNTER}", unit.name, unit.phone or None, unit.id)
        chains = [begin(a, f"{a.package.name}.{ORIGINALS}", "", _THING, list(originals), giver)]
    for chain in chains:
        _moves(a, chain, moved)


def _moves(a: Applying, chain: Handover, moved: Sequence[Task]) -> None:
    unit_id = _unit_of(chain.holder_key)
    if unit_id is None or unit_id == a.office.id or chain.lost_at is not None:
        return  # its owner has it, it is there already, or nobody has it
    waiting = handover_rows.open_of(a.work, chain.id) if chain.held_by_link < chain.links else None
    group = a.package.info.groups
    end = next(
        (
            name
            for name in (chain.holder_end, waiting.receiver_end if waiting is not None else "")
            if name in group and (group[name].at or "office") == "office"
        ),
        "",
    )
    receiver = _end(a, end) if end else _desk(a, moved)
    if receiver.key == chain.holder_key or (waiting is not None and waiting.receiver_key == receiver.key):
        return
    what = declared(a, chain.kind)
    terms = replace(Terms.of(what, what.links[0]), limit=SAME_DAY) if what is not None else _OF_HALL
    giver = End(chain.holder_end, chain.holder_key, chain.holder_name, units.place(a.work, unit_id).phone, unit_id)
    waits = waiting.effect if waiting is not None else None
    write(a, terms, chain, giver, receiver, waits=waits, key=_key(a, chain))


def _desk(a: Applying, moved: Sequence[Task]) -> End:
    """The post of the new office that has the work now; else its counter."""
    keys = [key for task in moved for key in task.candidates if key.startswith(f"p:{a.office.id}:")]
    post = keys[0].split(":", 2)[2] if keys else COUNTER
    unit = a.office if keys else holders.nearest(a.work, a.office, post)
    return End("office", f"p:{unit.id}:{post}", unit.name, unit.phone or None, unit.id)


# ---------------------------------------------------------------- the end of a case


def case_ended(a: Applying) -> None:
    """A case ended: what was to be handed over is not any more. A thing that was under way stays on the list of whoever
    has it; any other is where it belongs."""
    if not a.package.declared("handovers") and a.case.referred_at is None:
        return
    for chain in _live(a):
        if _starts_back(a, chain):
            continue
        waiting = handover_rows.open_of(a.work, chain.id)
        if waiting is not None:
            handover_rows.drop(a.work, waiting, case=a.case, by=a.by, now=a.now)
        owed = chain.thing_kind == "originals" and chain.holder_key.startswith("p:")  # they are somebody's
        if not owed and (waiting is None or chain.held_by_link == 0):
            chain.ended_at = a.now
