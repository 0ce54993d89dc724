"""两步验证: setting up, using and taking away a second factor; each is in the record."""

from __future__ import annotations

from datetime import datetime

from engine.commands.hall import passwords, signing_in
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.people import Actor, factors, sessions, steps, tries
from engine.people.factors import Kind
from engine.records import audit, notices
from engine.store import Database, Work, again
from engine.store.models import User

#: For so long after somebody showed who they are they may change how they sign in.
FRESH_S = 600


def begin_second(database: Database, user_id: int, *, now: datetime, wrong_before: int = 0) -> str | None:
    """After the right password: the token of the step in which the second factor is asked; None: they have none."""
    with database.reading() as work:  # most have none: they wait for no other writer
        if not factors.of(work, user_id).any:
            return None
    with database.unit_of_work() as work:
        return steps.begin(work, "second", user_id=user_id, facts={"wrong": wrong_before}, now=now)


def second(database: Database, token: str, given: str, *, now: datetime) -> tuple[int, Kind, int]:
    """The second factor, typed: (whose, which, how many wrong passwords were tried before). Raises NotYours; TooMany
    when somebody guesses."""

    def write() -> tuple[int, Kind | None, int]:
        with database.unit_of_work() as work:
            step = steps.find(work, "second", token, now=now)
            assert step.user_id is not None
            how = _use(work, step.user_id, given, now)
            if how is not None:
                steps.take(work, "second", token, now=now)
            return step.user_id, how, int(step.facts["wrong"])

    user_id, how, wrong = again(write)
    if how is None:
        raise _wrong(database, user_id, now)
    return user_id, how, wrong


def by_code(database: Database, user_id: int, given: str, *, now: datetime) -> Kind:
    """The second factor of somebody whose password was right, without a step: for programs, and to be asked again."""

    def write() -> Kind | None:
        with database.unit_of_work() as work:
            return _use(work, user_id, given, now)

    how = again(write)
    if how is None:
        raise _wrong(database, user_id, now)
    return how


def _use(work: Work, user_id: int, given: str, now: datetime) -> Kind | None:
    tries.spend(work, [("factor", str(user_id))], now=now)  # before it is looked at: many at once are no way round
    how = factors.use(work, user_id, given, now=now)
    if how is not None:
        tries.forget(work, "factor", str(user_id))
    return how


def _wrong(database: Database, user_id: int, now: datetime) -> NotYours:
    signing_in.failed(database, user_id, "totp", now=now)
    return NotYours(
        "动态码不对，或者已经用过。请等应用里换了新的再输；也可以用一个没用过的恢复码。",
        "The code is not right, or was used: wait for the next one, or give a recovery code that was not used.",
    )


def prove(database: Database, session_id: int, user_id: int, password: str, code: str, *, now: datetime) -> None:
    """The person shows once more who they are, before they change how they sign in."""
    passwords.is_own(database, user_id, password, now=now)
    with database.reading() as work:
        totp = factors.of(work, user_id).totp_since is not None
    if totp:
        try:
            by_code(database, user_id, code, now=now)
        except NotYours as error:
            raise Invalid([FieldError("code", "动态码", error.zh, error.en)]) from None
    with database.unit_of_work() as work:
        sessions.proved(work, session_id, now=now)


def fresh(opened: sessions.Open, now: datetime) -> bool:
    """Whether they showed lately who they are: an open screen changes nothing of how somebody signs in."""
    return (now - opened.proved_at).total_seconds() < FRESH_S


def begin_totp(work: Work, *, by: Actor, now: datetime) -> None:
    assert by.id is not None
    factors.begin(work, by.id, now=now)


def confirm_totp(
    work: Work, code: str, *, this: int, hall: str, by: Actor, now: datetime
) -> tuple[tuple[str, ...], str]:
    """The app shows the right code: it is theirs. Recovery codes, shown once, when there are none yet; and the token
    under which the session goes on, that now stands for two factors."""
    assert by.id is not None
    if not factors.confirm(work, by.id, code, now=now):
        zh = "动态码不对。请看应用里现在的 6 位数字；手机时间要是自动的。"
        en = "The code is not right: give the six digits that the app shows now; the telephone must keep its own time."
        raise Invalid([FieldError("code", "动态码", zh, en)])
    audit.record(work, audit.Kind.FACTOR_ADDED, by=by, now=now, facts={"factor": "totp"})
    zh, en = "您的账号加了动态码。", "An app for codes was added to your account."
    passwords.tell(work, by.id, zh, en, hall=hall, now=now)
    codes = () if factors.of(work, by.id).codes_left else factors.new_codes(work, by.id, now=now)
    return codes, sessions.renew(work, this, "totp", now=now)


def new_codes(work: Work, *, hall: str, by: Actor, now: datetime) -> tuple[str, ...]:
    """A new set of recovery codes, shown this once; those of before are good no more."""
    assert by.id is not None
    if not factors.of(work, by.id).any:
        raise NotNow("先设动态码或通行密钥，再要恢复码。", "Expected an app or a passkey first.")
    codes = factors.new_codes(work, by.id, now=now)
    audit.record(work, audit.Kind.RECOVERY_CODES, by=by, now=now)
    zh, en = (
        "您的恢复码换了新的，旧的不能再用。",
        "Your recovery codes were made anew; those of before are good no more.",
    )
    passwords.tell(work, by.id, zh, en, hall=hall, now=now)
    return codes


def remove_totp(work: Work, *, must: bool, hall: str, by: Actor, now: datetime) -> None:
    """The app is good no more. `must`: their post needs a second factor, so that the last one stays."""
    assert by.id is not None
    _not_the_last(work, by.id, must)
    if not factors.remove_totp(work, by.id):
        raise NotFound("没有设动态码。", "Expected an app for codes, but there is none.")
    audit.record(work, audit.Kind.FACTOR_REMOVED, by=by, now=now, facts={"factor": "totp"})
    zh, en = "您账号的动态码取消了。", "The app for codes was taken from your account."
    passwords.tell(work, by.id, zh, en, hall=hall, now=now)


def remove_passkey(work: Work, key_id: int, *, must: bool, hall: str, by: Actor, now: datetime) -> None:
    """This key is good no more."""
    assert by.id is not None
    _not_the_last(work, by.id, must)
    if not factors.remove_passkey(work, by.id, key_id):
        raise NotFound("没有这个通行密钥。", "Expected a passkey of yours, but there is none.")
    audit.record(work, audit.Kind.FACTOR_REMOVED, by=by, now=now, facts={"factor": "passkey", "key": key_id})
    zh, en = "您账号的一个通行密钥取消了。", "A passkey was taken from your account."
    passwords.tell(work, by.id, zh, en, hall=hall, now=now)


def _not_the_last(work: Work, user_id: int, must: bool) -> None:
    found = factors.of(work, user_id)
    if must and (found.totp_since is not None) + len(found.passkeys) <= 1:
        raise NotNow(
            "您的岗位要有两步验证。请先加一个新的，再取消这个。",
            "Your post needs a second factor: add another before you take this one away.",
        )


def clear(work: Work, user_id: int, *, hall: str, by: Actor, now: datetime) -> None:
    """手机丢了: whoever heads them takes away all second factors; they sign in by their password and begin anew. Every
    log-in of theirs ends."""
    user: User = passwords.theirs(work, user_id, by)
    factors.remove_all(work, user.id)
    user.sso_subject = None
    ended = sessions.end_all(work, user.id, now=now)
    facts = {"user": user.id, "factor": "all", "ended": ended}
    audit.record(work, audit.Kind.FACTOR_REMOVED, by=by, now=now, facts=facts)
    zh = f"{by.name}取消了您的两步验证，您的登录都已结束；请用密码登录，重新设置。{passwords.NOT_ASKED}"
    en = f"{by.name} took away your second factors and ended your log-ins. {passwords.NOT_ASKED_EN}"
    notices.put_of_account(work, user.id, zh, en, phones=(user.phone,), hall=hall, now=now)
