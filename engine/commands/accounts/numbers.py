"""换手机号: by oneself with a code to the old number and one to the new; at a counter with the card and a code to the
new, when the old is lost. 核对本人: whose account it is, said by a counter that saw the card."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, select, update

from engine import crypto
from engine.commands.accounts import codes
from engine.errors import FieldError, Invalid, NotNow, NotYours
from engine.forms import written
from engine.people import Actor, login, sessions, tries, units
from engine.reads import resident_accounts as reads
from engine.records import audit, notices
from engine.store import Database, Work, again, keys
from engine.store.models import Case, User

#: What a code is asked for beside signing in: it opens nothing else.
OLD, NEW, COUNTER = "old-number", "new-number", "counter"


def ask_both(
    database: Database, number: str, device: str, *, hall: str, by: Actor, now: datetime, address: str = ""
) -> tuple[str, str]:
    """Send a code to the number of before and to the new one; the two, for a hall that shows them on the screen.
    Whoever asks is told when a number has an account: so they may ask that a few times an hour, refused or not."""

    def asked() -> None:
        with database.unit_of_work() as work:
            tries.spend(work, [("number-find", str(by.id))], now=now)

    def send(number: str = number) -> tuple[str, str]:
        with database.unit_of_work() as work:
            me = _mine(work, by)
            number = _new(work, me, number)
            words = f"正在把大厅登录手机号换成尾号{number[-4:]}的号码"
            tries.spend(work, [("renumber", str(me.id))], now=now)
            return (
                _send(work, me.phone or "", f"{OLD}:{device}", words, hall, known=True, now=now, address=address),
                _send(work, number, f"{NEW}:{device}", words, hall, known=False, now=now, address=address),
            )

    again(asked)
    sent: tuple[str, str] = again(send)
    return sent


def change(
    database: Database,
    number: str,
    old_code: str,
    new_code: str,
    device: str,
    *,
    this: int | None = None,
    program: str = "",
    hall: str,
    by: Actor,
    now: datetime,
) -> None:
    """By oneself: both numbers were in their hands. Every other session ends; `this` one, or the `program` with this
    token, goes on."""
    with database.reading() as work:
        # whether it has an account is said below, once both codes were right
        number, old = written.telephone(number), _mine(work, by).phone or ""
    wrong, right = [], []
    for field, label, phone, code, asked in (
        ("old_code", "旧号码收到的验证码", old, old_code, OLD),
        ("new_code", "新号码收到的验证码", number, new_code, NEW),
    ):
        try:
            right.append(login.try_code(database, phone, code, now=now, ask=f"{asked}:{device}"))
        except NotYours as error:
            wrong.append(FieldError(field, label, error.zh, error.en))
    if wrong:
        raise Invalid(wrong)
    with database.unit_of_work() as work:
        login.use_codes(work, right, now=now)
        me = work.session.get_one(User, by.id, with_for_update=True, populate_existing=True)
        _move(work, me, _new(work, me, number), how="self", hall=hall, by=by, now=now)
        sessions.end_all(work, me.id, but=this, program=program, now=now)


def ask_at_counter(
    work: Work, user_id: int, number: str, *, hall: str, by: Actor, now: datetime, address: str = ""
) -> str:
    """Send a code to a number that the person before the counter reads out."""
    user = reads.row(work, user_id, actor=by)
    number = written.telephone(number) if number else user.phone or ""
    _mobile(number)
    tries.spend(work, [("counter-code", str(by.id))], now=now)
    words = "窗口工作人员正在当面给您办理账号，请把验证码告诉他；您不在窗口的，不要告诉任何人"
    return _send(work, number, f"{COUNTER}:{by.id}", words, hall, known=False, now=now, address=address)


def change_at_counter(
    database: Database,
    user_id: int,
    number: str,
    code: str,
    identity: str,
    reason: str,
    *,
    hall: str,
    by: Actor,
    now: datetime,
) -> None:
    """The old number is lost: the clerk saw the card, the new number was read out by whoever has it."""
    number = written.telephone(number)
    with database.reading() as work:
        user = reads.row(work, user_id, actor=by)
        _new(work, user, number)
    must_say_why(reason)
    identified(database, user_id, identity, by=by, now=now)
    code_id = with_code(database, number, code, by=by, now=now)
    with database.unit_of_work() as work:
        login.use_codes(work, [code_id], now=now)
        user = reads.row(work, user_id, actor=by, lock=True)
        if user.disabled_at is not None:
            raise NotNow("这个账号已经停用或合并，不能换号。", "This account is closed or merged.")
        _move(work, user, _new(work, user, number), how="counter", hall=hall, by=by, now=now, reason=reason)
        user.proved_at = now
        sessions.end_all(work, user.id, now=now)


def prove_at_counter(
    database: Database, user_id: int, identity: str, reason: str, *, hall: str, by: Actor, now: datetime
) -> None:
    """核对本人: whoever could not answer on their telephone showed their card; the account opens by the telephone
    again."""
    must_say_why(reason)
    identified(database, user_id, identity, by=by, now=now)
    with database.unit_of_work() as work:
        user = reads.row(work, user_id, actor=by, lock=True)
        user.proved_at = now
        tries.forget(work, "proof", str(user.id))
        facts = {"user": user.id, "how": "counter", "words": crypto.fingerprint(reason.encode())[:16]}
        audit.record(work, audit.Kind.ACCOUNT_PROVED, by=by, now=now, for_id=user.id, facts=facts)
        zh = f"您已{_at_counter(work, by)}核对本人，这个手机号又能登录您的账号了。不是您办的，请马上打大厅电话。"
        en = "A counter saw your card: this number opens your account again. If it was not you, call the hall at once."
        notices.put_of_account(work, user.id, zh, en, phones=(user.phone,), hall=hall, now=now)


def identified(database: Database, user_id: int, identity: str, *, by: Actor, now: datetime) -> None:
    """The identity number on the card is one the hall knows of this account (a name, where it knows no number). A few
    wrong ones a day are all that one clerk may type."""
    with database.unit_of_work() as work:
        user = reads.row(work, user_id, actor=by)
        tries.spend(work, [("card", f"{by.id}:{user.id}")], now=now)
        if login.known_of(work, user).is_of(identity):
            tries.forget(work, "card", f"{by.id}:{user.id}")
            return
    raise Invalid(
        [
            FieldError(
                "identity",
                "身份证号",
                "和这个账号登记的不一样。请核对证件；确是本人、登记有误的，请负责人先更正办件上的信息。",
                "It is not as registered for this account. Check the card; a head corrects a wrong entry.",
            )
        ]
    )


def with_code(database: Database, phone: str, code: str, *, by: Actor, now: datetime) -> int:
    """The code that was read out at this counter."""
    try:
        return login.try_code(database, phone, code, now=now, ask=f"{COUNTER}:{by.id}")
    except NotYours as error:
        raise Invalid([FieldError("code", "验证码", error.zh, error.en)]) from error


def _mine(work: Work, by: Actor) -> User:
    if by.kind != "resident" or by.id is None:
        raise NotYours("请先登录。", "Sign in first.")
    return work.session.get_one(User, by.id)


def _mobile(number: str) -> None:
    if not written.mobile(number):
        zh = "手机号应为 11 位数字，以 1 开头。"
        raise Invalid([FieldError("phone", "新手机号", zh, "A mobile number has 11 digits.")])


def _new(work: Work, user: User, number: str) -> str:
    """The new number, if it may be theirs: nobody else's account has it."""
    number = written.telephone(number)
    _mobile(number)
    has_it = holder(work, number)
    if has_it == user.id:
        zh = "这就是现在的号码，不用换。"
        raise Invalid([FieldError("phone", "新手机号", zh, "This is the number it has already.")])
    if has_it is not None:
        zh = "这个号码已经有一个账号。也是您的，请带身份证到窗口把两个账号合并。"
        en = "This number has an account. If it is yours too, a counter merges the two: bring your card."
        raise Invalid([FieldError("phone", "新手机号", zh, en)])
    return number


def holder(work: Work, number: str) -> int | None:
    """Whose account has this number."""
    has_it = User.phone_index.in_(keys.blinds("phone", number)), User.kind == "resident"
    return work.session.scalar(select(User.id).where(*has_it))


def _send(work: Work, phone: str, ask: str, words: str, hall: str, *, known: bool, now: datetime, address: str) -> str:
    def says(code: str) -> str:
        return f"【{hall}】{words}。验证码 {code}，5 分钟内有效。"

    return codes.send(work, phone, says, ask=ask, known=known, now=now, address=address)


def must_say_why(reason: str) -> None:
    if len(reason.strip()) < 4:
        zh = "请写明为什么办、看了什么证件，至少 4 个字。"
        raise Invalid([FieldError("reason", "事由", zh, "Say why, and what you were shown: four characters at least.")])


def _move(
    work: Work, user: User, number: str, *, how: str, hall: str, by: Actor, now: datetime, reason: str = ""
) -> None:
    """The account has this number now; so have its running cases, for texts about them go there."""
    before, old = user.phone, user.phone_index
    renumber(work, user, number, now=now)
    moved = cases_follow(work, user.id, old, number) if old else 0
    facts: dict[str, Any] = {"user": user.id, "how": how, "cases": moved}
    if reason:
        facts["words"] = crypto.fingerprint(reason.encode())[:16]
    audit.record(work, audit.Kind.PHONE_CHANGED, by=by, now=now, for_id=user.id, facts=facts)
    zh = f"您的登录手机号已{_at_counter(work, by)}换成尾号{number[-4:]}。不是您办的，请马上打大厅电话。"
    en = f"You sign in by the number ending in {number[-4:]} from now on. If it was not you, call the hall at once."
    notices.put_of_account(work, user.id, zh, en, phones=(before, number), hall=hall, now=now)


def _at_counter(work: Work, by: Actor) -> str:
    return f"在{units.place(work, by.unit_id).name}窗口" if by.unit_id is not None else ""


def renumber(work: Work, user: User, number: str, *, now: datetime) -> None:
    """The number is this account's from now on. Where the hall has no name for the account, nothing from before is
    theirs by the number."""
    user.phone, user.phone_index = number, keys.blind("phone", number)
    user.number_at = None if user.name else now
    work.session.flush()


def cases_follow(work: Work, user_id: int, old: str, number: str) -> int:
    """Their running cases that named the number of before name this one; how many."""
    changed = work.session.execute(
        update(Case)
        .where(Case.applicant_id == user_id, Case.phone_index == old, Case.status.in_(("running", "suspended")))
        .values(applicant_phone=number, phone_index=keys.blind("phone", number)),
        execution_options={"synchronize_session": False},
    )
    return int(cast("CursorResult[Any]", changed).rowcount)
