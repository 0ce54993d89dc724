"""交接: what people do with a link: take it, refuse it, write it down for others, tell what went wrong.

Both ends sign. Whoever acts is signed in at one end; the other end is proved by what its person shows: a QR, six
digits, a signature on the pad, a photo. Who has no telephone is written down in person, before a post, with a witness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, select

from engine import process
from engine.commands import cases, handover_rows
from engine.commands.cases.changing import advance, change
from engine.commands.cases.finding import find_case
from engine.commands.effects import handovers as effects
from engine.commands.effects import papers
from engine.commands.effects.handovers import DIFFERENT, REFUSED
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound, NotNow, NotYours
from engine.forms import signing
from engine.matters.nouns.handovers import TROUBLES
from engine.matters.nouns.handovers import Handover as Declaration
from engine.people import Actor, access, masks, tries
from engine.records import audit, files, handovers, library
from engine.records.handovers import Side
from engine.store import Work
from engine.store.models import Awaited, Case, Handover, HandoverLink, HandoverSign, HandoverTrouble, Subscription
from engine.workdays import ZONE, say_at

Outcome = Literal["done", "different", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("done", "different", "refused")
#: How the other end may sign, and what whoever acts does for it.
_WAYS = {
    "qr": ("扫对方的二维码", "scan their QR"),
    "code": ("输入对方的六位数字", "type their six digits"),
    "signature": ("请对方在屏上签名", "let them sign on the screen"),
    "photo": ("拍照", "take a photo"),
}
MOST_PHOTOS = 6
#: The slip of a hand-over that the hall makes itself.
PAPER = "handover"


@dataclass(frozen=True, slots=True)
class Given:
    """What was shown for the other end, and what was seen."""

    proof: str = ""  # what was scanned, or the six digits
    signature: str = ""  # the other end's, on this pad
    photos: tuple[int, ...] = ()  # files uploaded by whoever acts
    note: str = ""
    witness: str = ""  # in person: who else was there


def tried(work: Work, link_id: int, given: str, *, by: Actor, now: datetime) -> bool:
    """Whether what was scanned or typed is the other end's. A wrong one is counted; commit it whatever follows. TooMany
    after a few wrong ones, for this link whoever tries."""
    link = _mine(work, link_id, by)
    side = handover_rows.side_of(link, by)
    if side is None or not given.strip():
        return True  # nothing to try: `act` says what is missing
    key = str(link.id)
    tries.within(work, "handover", key, now=now)
    tries.within(work, "handover-by", str(by.id), now=now)
    if handovers.proves(link, handovers.other(side), given, now=now) in ("qr", "code"):
        tries.forget(work, "handover", key)
        return True
    tries.count(work, "handover", key, now=now)
    tries.count(work, "handover-by", str(by.id), now=now)
    return False


def act(work: Work, link_id: int, outcome: Outcome, given: Given, *, by: Actor, now: datetime) -> HandoverLink:
    """The thing is taken (`done`), taken though it is not as told (`different`), or not taken (`refused`).

    Raises NotFound for a link one has nothing to do with, Invalid by the field for what is missing or wrong, NotYours
    for who may not say it, AlreadyDone when it was said already, NotNow when the case waits for it no longer.
    """
    link = _mine(work, link_id, by)
    case = find_case(work, link.handover.case_id) if link.handover.case_id is not None else None
    if link.state != "open":
        raise handover_rows.already(work, link.id)
    if outcome not in OUTCOMES:
        raise Invalid([FieldError("outcome", "收了没有", "请选：收到了、有出入、不收。", "Choose what happened.")])
    side = handover_rows.side_of(link, by)
    signs = _signs(link, side, outcome, given, by=by, now=now)
    _seen(link, outcome, given)
    files.taken_now(work, given.photos, by=by)
    if case is not None:
        files.attach(work, list(given.photos), case, by=by)
    note = given.note.strip()[:500]
    handover_rows.end(work, link, outcome, signs, note=note, files=given.photos, case=case, by=by, now=now)
    if case is not None and link.effect is not None:
        _answer(work, case, link, by=by, now=now)
    elif case is not None:
        _beside(work, case, link, by=by, now=now)
    work.session.flush()
    return link


def _mine(work: Work, link_id: int, by: Actor) -> HandoverLink:
    link = handover_rows.find(work, link_id)
    if not access.may(by, "work", link):
        raise NotFound("没有这次交接，或不是交给您、由您交出的。", f"There is no link {link_id} of yours.")
    return link


# ---------------------------------------------------------------- both ends


def _signs(
    link: HandoverLink, side: Side | None, outcome: Outcome, given: Given, *, by: Actor, now: datetime
) -> list[HandoverSign]:
    if side is None:
        return _written_down(link, outcome, given, by=by, now=now)
    own = HandoverSign(link_id=link.id, side=side, proof="account", by_id=by.id, at=now)
    if outcome == "refused":
        if side == "giver" and by.kind != "staff":
            raise NotYours(
                "收不收由对方说。对方不收的，请对方在自己手机上按“不收”，或到柜台登记。",
                "Whether it is taken is the other's to say: on their own telephone, or at a counter.",
            )
        return [own]
    if not given.proof.strip() and given.witness.strip() and _writes_down(link, by):
        return [own, _in_person(link, handovers.other(side), given, by=by, now=now)]
    return [own, _shown(link, handovers.other(side), given, by=by, now=now)]


def _shown(link: HandoverLink, side: Side, given: Given, *, by: Actor, now: datetime) -> HandoverSign:
    """What the other end showed. One of the proofs the matter asks for is enough."""
    wanted = set(link.proof)
    if given.proof.strip():
        how = handovers.proves(link, side, given.proof, now=now)
        if how == "stale":
            zh = "这个二维码过了时间。请对方重新打开“我的交接”，再扫一次；或者输入对方的六位数字。"
            en = "This QR is out of date: let the other open it anew and scan again, or type their six digits."
            raise Invalid([FieldError("proof", "对方的码", zh, en)])
        if how in wanted:
            return HandoverSign(link_id=link.id, side=side, proof=how, by_id=by.id, at=now)
        zh = "码不对：不是这次交接的对方的。请对方打开“我的交接”，扫他的二维码，或输入他的六位数字。"
        en = "This is not the code of the other end of this hand-over. Scan the QR they show, or type their six digits."
        raise Invalid([FieldError("proof", "对方的码", zh, en)])
    if given.signature and "signature" in wanted:
        return HandoverSign(
            link_id=link.id, side=side, proof="signature", by_id=by.id, signature=_ink(given.signature), at=now
        )
    if given.photos and "photo" in wanted:
        return HandoverSign(link_id=link.id, side=side, proof="photo", by_id=by.id, at=now)
    listed = [one for one in _WAYS if one in wanted]
    field = "proof" if wanted & {"qr", "code"} else "signature" if "signature" in wanted else "photos"
    zh = f"还缺对方的确认。请{'、'.join(_WAYS[one][0] for one in listed)}（一样就够）。"
    en = f"The other end has not signed. One of these will do: {', '.join(_WAYS[one][1] for one in listed)}."
    raise Invalid([FieldError(field, "对方确认", zh, en)])


def _written_down(
    link: HandoverLink, outcome: Outcome, given: Given, *, by: Actor, now: datetime
) -> list[HandoverSign]:
    """In person: a clerk of the named post, who is neither end, writes down what two people did before them."""
    if not _writes_down(link, by) or _is_end(link, by):
        raise NotYours(
            "您不是这次交接的一方，也不能替双方登记。请由双方自己办，或交给登记的岗位。",
            "You are neither end of this hand-over nor of the post that writes it down.",
        )
    if outcome == "refused":
        given = replace(given, signature="")
        return [_person_sign(link, "receiver", given, by=by, now=now)]
    return [_in_person(link, side, given, by=by, now=now) for side in handovers.SIDES]


def _writes_down(link: HandoverLink, by: Actor) -> bool:
    return access.writes_down(by, link)


def _in_person(link: HandoverLink, side: Side, given: Given, *, by: Actor, now: datetime) -> HandoverSign:
    """An end without a telephone: their signature on the pad or a photo, and a witness."""
    if not given.signature and not given.photos:
        zh = "请本人在屏上签名，或拍一张交接的照片（按了指印的也可以拍）。"
        raise Invalid([FieldError("signature", "签名", zh, "Let them sign, or take a photo of the hand-over.")])
    if side == "giver":  # the pen is the receiver's
        given = replace(given, signature="")
    return _person_sign(link, side, given, by=by, now=now)


def _person_sign(link: HandoverLink, side: Side, given: Given, *, by: Actor, now: datetime) -> HandoverSign:
    if link.witness and not given.witness.strip():
        zh = "替人登记要写一名在场的见证人的姓名。"
        raise Invalid([FieldError("witness", "见证人", zh, "Name somebody else who was there.")])
    return HandoverSign(
        link_id=link.id,
        side=side,
        proof="person",
        by_id=by.id,
        signature=_ink(given.signature) if given.signature else None,
        witness=given.witness.strip()[:40] or None,
        at=now,
    )


def _is_end(link: HandoverLink, by: Actor) -> bool:
    """Whether they are both ends: then a witness does not make two of them."""
    ends = {link.giver_key, link.receiver_key}
    return ends <= set(by.keys_in(access.matter_of(link.handover.kind))) and f"u:{by.id}" in ends


def _ink(path: str) -> str:
    if not signing.readable(path):
        raise Invalid([FieldError("signature", "签名", "签名太短或没有签上，请重签。", "Sign again, please.")])
    return path


def _seen(link: HandoverLink, outcome: Outcome, given: Given) -> None:
    """What must be said and shown of what was seen."""
    wrong = []
    if outcome != "done" and not given.note.strip():
        zh = "请写明哪里不一样。" if outcome == "different" else "请写明为什么不收。"
        wrong.append(FieldError("note", "说明", zh, "Write what is different, or why it is not taken."))
    wanted = link.photo == "always" or (link.photo == "different" and outcome == "different")
    if wanted and outcome != "refused" and not given.photos:
        zh = "请拍一张照片，日后说得清。"
        wrong.append(FieldError("photos", "照片", zh, "Take a photo of how it is."))
    if len(given.photos) > MOST_PHOTOS:
        zh = f"照片最多 {MOST_PHOTOS} 张，现在有 {len(given.photos)} 张。"
        wrong.append(FieldError("photos", "照片", zh, f"Expected at most {MOST_PHOTOS} photos."))
    if wrong:
        raise Invalid(wrong)


# ---------------------------------------------------------------- what the case hears


def _answer(work: Work, case: Case, link: HandoverLink, *, by: Actor, now: datetime) -> None:
    """The case goes on: with the answer, or by the error of a refusal or a difference."""
    one = library.version(work, case.version_hash).declared("handovers")
    what = next((d.what for d in one.values() if d.key == link.handover.kind), None)
    waits = work.session.execute(  # one statement finds and ends the wait
        delete(Awaited)
        .where(Awaited.case_id == case.id, Awaited.key == (link.effect or ""))
        .returning(Awaited.key, Awaited.kind, Awaited.element)
    ).one_or_none()
    if waits is None or case.status != "running":
        raise NotNow(
            "办件已经不在等这次交接了，什么都没有改。请看办件现在到了哪一步，或问大厅。",
            "Expected a case that waits for this hand-over, but it does not any more. Nothing was changed.",
        )
    assert isinstance(what, Declaration)
    said = {"handover": summary(link)}
    code = {"refused": REFUSED, "different": DIFFERENT if what.different == "error" else ""}.get(link.state, "")
    answer: process.Input = (
        process.Throw(waits.key, code, link.note or "", said) if code else process.Answer(waits.key, said)
    )
    facts = {"kind": waits.kind, "element": waits.element, "error": code}
    step, applying = advance(work, case, answer, by=by, now=now)
    applying.record(audit.Kind.EFFECT_ANSWERED, facts=facts)
    if what.paper and link.state != "refused":
        applying.variables = step.variables
        papers.issue(applying, what.paper, f"{case.number}:handover:{link.id}", {"handover": paper_facts(link)})
    applying.step(step)
    applying.finish()


def _beside(work: Work, case: Case, link: HandoverLink, *, by: Actor, now: datetime) -> None:
    """The case does not wait for it: the slip is made, and the next link opens."""
    applying = change(work, case, by=by, now=now)
    what = effects.declared(applying, link.handover.kind)
    paper = what.paper if what is not None else PAPER
    if paper and link.state != "refused":
        papers.issue(applying, paper, f"{case.number}:handover:{link.id}", {"handover": paper_facts(link)})
    if link.state != "refused":
        effects.follow(applying, link)
    applying.finish()


def again(work: Work, handover_id: int, *, by: Actor, now: datetime) -> None:
    """A link beside the case was not taken: the post that has the thing gives it once more to the same end."""
    chain = work.session.get(Handover, handover_id)
    if chain is None or by.kind != "staff" or not access.may(by, "work", chain) or chain.case_id is None:
        raise NotFound("没有这件东西，或它不在您手里。", f"There is no thing {handover_id} that you have.")
    case = find_case(work, chain.case_id)
    chain = work.session.get_one(Handover, handover_id, populate_existing=True)
    last = work.session.scalar(
        select(HandoverLink).where(HandoverLink.handover_id == chain.id, HandoverLink.n == chain.links)
    )
    if chain.ended_at is not None or last is None or last.state not in ("refused", "dropped") or last.effect:
        raise NotNow(
            "这件东西现在没有要再交一次的。请看办件页上的交接。",
            "Expected a thing that was not taken, but there is nothing to give once more: look at the case.",
        )
    chain.lost_at = None  # what was lost is found, for it is given
    applying = change(work, case, by=by, now=now)
    effects.again(applying, chain, last)
    applying.finish()


def summary(link: HandoverLink) -> dict[str, object]:
    """What the variables of the case keep of a link."""
    return {
        "state": link.state,
        "link": f"{link.giver_end} -> {link.receiver_end}",
        "giver": link.giver_name,
        "receiver": link.receiver_name,
        "at": link.ended_at.astimezone(ZONE).isoformat() if link.ended_at is not None else None,
        "note": link.note or "",
    }


#: How a paper says that an end signed.
PROOFS = {
    "account": "本人账号",
    "qr": "扫码",
    "code": "六位数字",
    "signature": "签名",
    "photo": "照片",
    "person": "当面登记",
}


def paper_facts(link: HandoverLink) -> dict[str, object]:
    """What 交接单 says of a link."""
    signs = {one.side: one for one in link.signs}
    assert link.ended_at is not None

    def end(side: Side) -> dict[str, object]:
        sign = signs.get(side)
        found: dict[str, object] = {
            "name": getattr(link, f"{side}_name"),
            "proof": PROOFS[sign.proof] if sign is not None else "—",
        }
        if getattr(link, f"{side}_phone"):
            found["phone"] = masks.phone(getattr(link, f"{side}_phone"))
        return found

    facts: dict[str, object] = {
        "number": f"{link.handover_id}-{link.n}",
        "thing": link.handover.name,
        "lines": list(link.handover.thing),
        "giver": end("giver"),
        "receiver": end("receiver"),
        "handed_at": link.ended_at.astimezone(ZONE).isoformat(),
        "state": "与所列相符" if link.state == "done" else "有出入",
        "photos": len(link.files),
    }
    if link.note:
        facts["note"] = link.note
    if witness := next((one.witness for one in link.signs if one.witness), None):
        facts["witness"] = witness
    return facts


# ---------------------------------------------------------------- what went wrong


def report(
    work: Work, handover_id: int, kind: str, note: str, photos: Sequence[int] = (), *, by: Actor, now: datetime
) -> HandoverTrouble:
    """Whoever has the thing, or had to receive it, tells that it is lost or damaged: the case hears it. A lost thing is
    handed over no more."""
    chain = work.session.get(Handover, handover_id)
    if chain is None or not access.may(by, "work", chain):
        raise NotFound("没有这件东西，或它不在您手里。", f"There is no thing {handover_id} that you have.")
    case = find_case(work, chain.case_id) if chain.case_id is not None else None
    chain = work.session.get_one(Handover, handover_id, populate_existing=True)
    if kind not in TROUBLES:
        raise Invalid([FieldError("kind", "出了什么事", "请选：丢了、坏了。", "Choose: lost or damaged.")])
    if not note.strip():
        raise Invalid([FieldError("note", "说明", "请写明经过：什么时候、在哪里发现的。", "Write what happened.")])
    if case is None or case.status not in ("running", "suspended"):
        raise NotNow("办件已经结束，请直接打电话给大厅。", "Expected a running case, but it has ended: call the hall.")
    row = HandoverTrouble(
        handover_id=chain.id, kind=kind, note=note.strip()[:500], files=list(photos), by_id=by.id, at=now
    )
    files.taken_now(work, photos, by=by)
    files.attach(work, list(photos), case, by=by)
    work.session.add(row)
    audit.record(
        work,
        audit.Kind.HANDOVER_TROUBLE,
        by=by,
        now=now,
        case=case,
        facts={"handover": chain.id, "kind": kind},
    )
    if kind == "lost":
        chain.lost_at = now
        if (waiting := handover_rows.open_of(work, chain.id)) is not None:
            handover_rows.drop(work, waiting, case=case, by=by, now=now)
    _message(work, case, chain, kind, note.strip()[:500], by=by, now=now)
    work.session.flush()
    return row


def settle(work: Work, handover_id: int, note: str, *, by: Actor, now: datetime) -> HandoverTrouble:
    """A thing was under way when its case ended: the post that has it writes what became of it (given back, kept for
    its owner), and it is on the list no more."""
    chain = work.session.get(Handover, handover_id)
    if chain is None or by.kind != "staff" or not access.may(by, "work", chain):
        raise NotFound("没有这件东西，或它不在您手里。", f"There is no thing {handover_id} that you have.")
    case = find_case(work, chain.case_id) if chain.case_id is not None else None
    chain = work.session.get_one(Handover, handover_id, populate_existing=True)
    if not note.strip():
        raise Invalid(
            [FieldError("note", "说明", "请写明怎么处理的：退给谁了、放在哪里。", "Write what became of it.")]
        )
    if case is not None and case.status in ("running", "suspended"):
        raise NotNow(
            "办件还在办，东西要按流程交接。请在下面的列表里办这一环。",
            "Expected a case that has ended, but it runs: hand the thing over as its diagram says.",
        )
    if chain.ended_at is not None:
        raise AlreadyDone(
            f"这件东西已于 {say_at(chain.ended_at)} 处理完。", "Expected a thing that lies here, but it was settled."
        )
    chain.ended_at = now
    row = HandoverTrouble(handover_id=chain.id, kind="settled", note=note.strip()[:500], by_id=by.id, at=now)
    work.session.add(row)
    facts = {"handover": chain.id, "kind": "settled"}
    audit.record(work, audit.Kind.HANDOVER_TROUBLE, by=by, now=now, case=case, facts=facts)
    work.session.flush()
    return row


def _message(work: Work, case: Case, chain: Handover, kind: str, note: str, *, by: Actor, now: datetime) -> None:
    declared = library.version(work, case.version_hash).declared("handovers")
    what = next((d.what for d in declared.values() if d.key == chain.kind), None)
    name = what.message(kind) if isinstance(what, Declaration) else ""
    waits = work.session.scalar(
        select(Subscription)
        .where(Subscription.case_id == case.id, Subscription.name == name, Subscription.kind == "message")
        .order_by(Subscription.id)
        .limit(1)
    )
    if waits is None:
        raise NotNow(
            "这件事项现在没有办法自动处理这种情况，什么都没有改。请打电话给大厅，由工作人员在办件里处理。",
            "This case does not wait to hear of it now; nothing was changed. Call the hall.",
        )
    said = {
        "trouble": {
            "kind": kind,
            "note": note,
            "holder": chain.holder_name,
            "at": now.astimezone(ZONE).isoformat(),
            "said_at": say_at(now),
        }
    }
    done = cases.deliver(work, case.id, name, said, key=waits.correlation, by=by, now=now)
    assert done is not None  # it waits: looked above, in this transaction, on a locked case
