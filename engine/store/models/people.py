"""Who works here and who comes: units, posts, users, leave, sessions, tokens, consent."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId, Sealed, SealedJson, SealedWords, kept_by_day, kept_by_since


class Unit(Base):
    """A place in the county's tree (单位): the county, its offices, towns, villages, communities, the grids of these,
    centres; the people's mediation committee of one of them (committee), the party organization of one (party), and
    bodies that work with the hall and seal nothing (partner)."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)  # region code, or region code and office: 350526-YB
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    number: Mapped[str | None] = mapped_column(String(4), unique=True)  # four digits, part of case numbers: 1203
    word: Mapped[str] = mapped_column(String(20), default="")  # how its papers' numbers begin: 德医保
    kind: Mapped[str] = mapped_column(String(16))
    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    path: Mapped[str] = mapped_column(String(200), index=True)  # ids from the root: /1/4/17/ — a subtree is a prefix
    phone: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    seal_name: Mapped[str] = mapped_column(
        String(80), default=""
    )  # the organ's legal name, as on its seal; "": it has none
    centre: Mapped[str] = mapped_column(String(40), default="")  # type of its 邻里中心: units.CENTRE, with commas
    active: Mapped[bool] = mapped_column(default=True)  # False: it is no more; nobody acts there and nothing goes there
    successor_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))  # who took over what it had
    hours: Mapped[
        dict[str, Any] | None
    ]  # opening hours, as engine.workdays.OpeningHours reads them; None: the common ones

    __table_args__ = (
        CheckConstraint(
            "kind in ('county','office','town','village','community','grid','centre','committee','partner','party')",
            name="kind",
        ),
    )


class Post(Base):
    """A position that does work (岗位), the same in every unit: 窗口, 审核, 代办员, 负责人 …"""

    __tablename__ = "post"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    role: Mapped[str] = mapped_column(String(16), default="clerk")

    __table_args__ = (
        CheckConstraint("role in ('clerk','supervisor','designer','operator','security','auditor')", name="role"),
    )


#: An account of a resident that is one.
USED = "kind = 'resident' and erased_at is null"


class User(Base):
    """A person who can log in: staff by name and password, residents by phone and one-time code."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    login: Mapped[str | None] = mapped_column(String(80), unique=True)  # staff only
    name: Mapped[str] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    id_number: Mapped[str | None] = mapped_column(Sealed)
    id_index: Mapped[str | None] = mapped_column(String(32), index=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    place_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))  # where a resident belongs
    locale: Mapped[str] = mapped_column(String(8), default="zh")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    number_at: Mapped[datetime | None]  # the telephone was another person's before: since when it is theirs
    doubted_at: Mapped[datetime | None]  # somebody signed in by the telephone and said to be another
    proved_at: Mapped[datetime | None]  # beside the telephone, who they are
    merged_into_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))  # the same person's other account
    sso_subject: Mapped[str | None] = mapped_column(String(64))  # hash of who the single sign-on says they are
    used_at: Mapped[datetime | None]  # when somebody last signed in with it; None: not since it was made
    keep_until: Mapped[date | None]  # the day on which what it says of people goes; None: it was used since
    erased_at: Mapped[datetime | None]  # its time was over: from then on it says of nobody who it was

    __table_args__ = (
        *kept_by_day("user", USED),
        CheckConstraint("kind in ('staff','resident','system')", name="kind"),
        CheckConstraint(
            "merged_into_id is null or (merged_into_id <> id and disabled_at is not null)", name="one_account"
        ),
        # One resident account a phone number; staff may share a desk telephone.
        Index(
            "uq_user_resident_phone",
            "phone_index",
            unique=True,
            sqlite_where=(kind == "resident"),
            postgresql_where=(kind == "resident"),
        ),
        Index("uq_user_sso_subject", "sso_subject", unique=True),
    )


class AccountMerge(Base):
    """Two accounts of one person became one, at a counter (合并账号): by whom, why, and what moved, so that it can be
    put back."""

    __tablename__ = "account_merge"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    from_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    into_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    by_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"))
    unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"), index=True)  # whose counter
    reason: Mapped[str] = mapped_column(Sealed)
    before: Mapped[Any] = mapped_column(SealedJson)  # name, telephone, identity number of both
    moved: Mapped[dict[str, Any]]  # column -> ids of rows
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    undone_why: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    erased_at: Mapped[datetime | None]  # its time was over: from then on it says of nobody who it was

    __table_args__ = (
        kept_by_since("account_merge", "at"),
        CheckConstraint("from_id <> into_id", name="two"),
        CheckConstraint("(undone_at is null) = (undone_by_id is null)", name="undone"),
        # One account goes into another once at a time, whoever presses twice.
        Index(
            "uq_account_merge_live",
            "from_id",
            unique=True,
            sqlite_where=text("undone_at is null"),
            postgresql_where=text("undone_at is null"),
        ),
    )


class Holding(Base):
    """A user holds a post in a unit (任职)."""

    __tablename__ = "holding"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    post_id: Mapped[int] = mapped_column(BigId, ForeignKey("post.id"))
    from_on: Mapped[date | None]
    until_on: Mapped[date | None]  # the last day it is held

    __table_args__ = (UniqueConstraint("user_id", "unit_id", "post_id"),)


class Leave(Base):
    """Someone is away and another acts for them (代理), in a window, for some or all matters."""

    __tablename__ = "leave"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    agent_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    matters: Mapped[list[str] | None]  # None: all
    reason: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("user_id <> agent_id", name="not_self"),
        CheckConstraint("from_at < until_at", name="window"),
    )


class Session(Base):
    """A log-in that lasts (会话). Only the hash of its token is kept."""

    __tablename__ = "session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]  # last used, to the minute
    idle_s: Mapped[int | None]  # unused for so many seconds, it is over; None: no such limit
    idle_at: Mapped[datetime | None]  # when that will be
    proved_at: Mapped[datetime | None]  # when the person last showed who they are
    how: Mapped[str] = mapped_column(String(16), default="password")  # and how: engine.people.sessions.How
    device: Mapped[str] = mapped_column(String(80), default="")  # the browser, in words: Chrome · Windows
    address: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)  # from which it was begun


class Authenticator(Base):
    """The app on a telephone that shows a new code every half minute (动态码, TOTP, RFC 6238): one for each person."""

    __tablename__ = "authenticator"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), primary_key=True, autoincrement=False)
    secret: Mapped[str | None] = mapped_column(Sealed)  # None: begun, and not yet shown to work
    since_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)  # the half minute whose code was used last
    next_secret: Mapped[str | None] = mapped_column(Sealed)  # begun: takes the place of the other once it works
    next_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code for the day on which the telephone is lost (恢复码): good once, kept as a keyed hash."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A key in a telephone, a computer or a stick (通行密钥, WebAuthn): its public half, and how often it signed."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    name: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)  # as its owner calls it
    credential: Mapped[str] = mapped_column(String(1400), unique=True)  # its id, in base64url
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInStep(Base):
    """A way in that is half gone: the password was right and the second factor is asked, a passkey's challenge, a
    county's single sign-on. Good once, for minutes, in the browser that began it."""

    __tablename__ = "sign_in_step"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(SealedJson, default=dict)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("kind in ('second','passkey','new-passkey','sso','sso-join')", name="kind"),)


class ResetLink(Base):
    """A link by which somebody of the hall's people sets a new password, once, within its time (重设密码). Whoever
    heads their unit hands it over; only its hash is kept."""

    __tablename__ = "reset_link"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))  # None: whoever runs the machine
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]  # used, or replaced by a newer one


class OneTimeCode(Base):
    """A code sent to a phone (验证码): six digits, hashed, five minutes, five tries."""

    __tablename__ = "one_time_code"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    phone_index: Mapped[str] = mapped_column(String(32), index=True)
    ask: Mapped[str] = mapped_column(String(64), default="")  # hash of the secret of the device that asked
    code_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class ApiToken(Base):
    """A token a program logs in with. Only its hash is kept."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    name: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Throttle(Base):
    """Failed tries against one key (a log-in name, a phone, an address), in the current window."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    since_at: Mapped[datetime]
    count: Mapped[int]


class Missed(Base):
    """Words with which somebody looked for a matter and found none, once three people typed them: before that nobody
    can read them, for they may be one person's name."""

    __tablename__ = "missed"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)  # of the words, blind
    words: Mapped[str | None] = mapped_column(Sealed)  # None: fewer than three people so far
    askers: Mapped[list[str]] = mapped_column(default=list)  # so far, blind; forgotten with the third
    times: Mapped[int] = mapped_column(default=0)
    last_on: Mapped[date] = mapped_column(index=True)


#: For the hall (electronic service), and taken back.
TAKEN_BACK = "not (case_id is not null) and withdrawn_at is not null"
_TAKEN_BACK = text(TAKEN_BACK)  # `text` is a column there


class Consent(Base):
    """A person agreed, separately, to one use of their data (PIPL 29), or took it back."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(2000), default="")  # the sentence the person saw
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    #: In which case it was given; None: for the hall (electronic service).
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        Index(
            "ix_consent_withdrawn_at",
            "withdrawn_at",
            "id",
            sqlite_where=_TAKEN_BACK,
            postgresql_where=_TAKEN_BACK,
        ),
    )
