"""`yizhan doctor`: whether this configuration can serve. Each line is ok, warn or error, and says what to do.

It looks and changes nothing. What only matters where others can reach the hall is an error there and a warning on a
machine that tries it out.
"""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.serialization import pkcs12
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from engine.people import administrators
from engine.reads import monitoring, operations
from engine.records import heartbeats
from engine.records.incoming import clamd
from engine.records.papers import fonts
from engine.store import Database, connect, keys, listing, migrate
from engine.store.models import Event
from engine.workdays import local_date
from web import start
from web.settings import BadSettings, Settings, host_of, private

Level = Literal["ok", "warn", "error"]

#: The free space below which a hall is in danger, and in need.
LITTLE, TOO_LITTLE = 2_000_000_000, 200_000_000
#: A backup a day, and two hours for it to be made.
BACKUP_EVERY = timedelta(hours=26)
#: A certificate is renewed in time when this is left.
RENEW = timedelta(days=30)
#: A record that is this much ahead of the clock was not written by this clock.
AHEAD = timedelta(minutes=5)
#: So many live steps, the newest, are looked at whether they stand in the right lists.
LOOKED_AT = 200
SILENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Line:
    """What was found of one thing, in Chinese and English."""

    level: Level
    about: str
    zh: str
    en: str


def examine(settings: Settings, environment: Mapping[str, str], *, now: datetime) -> list[Line]:
    """Everything there is to look at."""
    lines = [
        _data_key(environment),
        _refusing("signature", lambda: start.can_sign(environment), "封存签得了名", "the seals can be signed"),
        *_gateway(settings, environment),
        *_signing_in(settings),
        _certificate(settings, environment, now),
        _scanner(environment),
        _permissions(settings.home),
        _fonts(environment),
        _space(settings.home),
    ]
    if not settings.database_url and not (settings.home / "hall.db").is_file():
        new = "还没有数据库，第一次启动时建好", "there is no database yet: the first start makes it"
        return [*lines, Line("warn", "database", *new)]
    database = connect(settings.database_url or None, files=settings.home / "files")
    try:
        return [*lines, *_database(database, settings, now)]
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", error))[:200]
        zh, en = (
            f"数据库打不开：{said}。请核对 YIZHAN_DATABASE_URL",
            f"cannot be opened: {said}. Check YIZHAN_DATABASE_URL",
        )
        return [*lines, Line("error", "database", zh, en)]
    finally:
        database.close()


def _database(database: Database, settings: Settings, now: datetime) -> Iterator[Line]:
    at, head = migrate.current(database), migrate.head()
    if at != head:
        known = at is None or migrate.known(at)
        todo = ("yizhan migrate", "yizhan migrate") if known else ("请装上更新的程序", "install a newer program")
        level: Level = "warn" if known else "error"
        zh, en = f"数据库版本 {at or '空'}，程序要 {head}：{todo[0]}", f"at {at}, the program needs {head}: {todo[1]}"
        yield Line(level, "revision", zh, en)
        return
    yield Line("ok", "revision", f"数据库版本 {head}", f"the database is at {head}")
    yield _refusing("key-fits", lambda: start.right_key(database), "数据密钥打得开数据库", "the data key fits")
    yield _refusing(
        "demo",
        lambda: start.nothing_to_try_out(database, settings, new=False),
        "没有向外开放的演示密码",
        "no demo password is open to others",
    )
    with database.reading() as work:
        newest = work.session.scalar(select(func.max(Event.at)))
        jumped = [one.machine for one in heartbeats.jumps(work)]
        beat, backup = monitoring.last_beat(work), monitoring.last_backup(work)
        both = administrators.held_together(work, on=local_date(now))
        missing = list(administrators.missing(work, on=local_date(now)))
        left_out = operations.not_published(work)
        wrong = listing.wrong(work.session, database, at=now, limit=LOOKED_AT)
    yield from _administrators(both, missing)
    yield _clock(newest, jumped, now)
    if beat is None or now - beat > SILENT:
        zh = "没有后台进程的心跳：文书、通知、到时提醒都不会做。请启动 yizhan worker"
        yield Line("warn", "worker", zh, "no worker beats: start yizhan worker, or nothing is sent or reminded")
    else:
        yield Line("ok", "worker", "后台进程在工作", "a worker beats")
    old = backup is None or now - backup > BACKUP_EVERY
    when = f"{backup:%Y-%m-%d %H:%M} UTC" if backup else ""
    if old:
        zh = f"最近一次备份：{when or '从来没有'}。请每天 yizhan backup 到别的磁盘上"
        yield Line("warn", "backup", zh, f"last backup: {when or 'never'}. Run yizhan backup daily, to another disk")
    else:
        yield Line("ok", "backup", f"最近一次备份 {when}", f"last backup {when}")
    if wrong:
        zh = f"{len({task for task, _said in wrong})} 步没有列在该列的清单里，或多列了：运行 yizhan migrate --relist"
        yield Line("error", "lists", zh, "steps missing in lists, or in too many: run yizhan migrate --relist")
    else:
        yield Line("ok", "lists", "在办的每一步都在该列的清单里", "live steps stand in the lists they belong to")
    if left_out:
        names = "、".join(one.name for one in left_out[:8])
        zh = f"没有通过检查的事项：{names}。运行 yizhan check 和 yizhan stories 看原因"
        yield Line("warn", "content", zh, f"matters that do not hold: {names}. See yizhan check, yizhan stories")
    else:
        yield Line("ok", "content", "事项都通过了检查", "all matters hold")


def _administrators(both: list[administrators.Both], missing: list[str]) -> Iterator[Line]:
    """三员分立: nobody is two of the three, and somebody is each."""
    for one in both:
        zh, en = (f"{s} ".join(administrators.ROLES[r][n] for r in one.roles) for n, s in ((0, " 和"), (1, " and")))
        yield Line(
            "error",
            "administrators",
            f"{one.login} 同时是{zh}。三员要由三个人担任：请安全管理员结束其中一个任职",
            f"{one.login} is {en}: three people's posts; let a security administrator end one of them",
        )
    if missing:
        zh, en = ("、".join(administrators.ROLES[r][0] for r in missing), ", ".join(missing))
        yield Line("warn", "administrators", f"还没有人担任：{zh}", f"nobody holds: {en}")
    elif not both:
        yield Line("ok", "administrators", "三员由三个人担任", "the three administrators are three people")


def _refusing(about: str, look: Callable[[], None], zh: str, en: str) -> Line:
    try:
        look()
    except BadSettings as bad:
        said = str(bad).removeprefix("[一站] ")
        chinese, _, english = said.partition("\n")
        return Line("error", about, chinese, english.strip() or chinese)
    return Line("ok", about, zh, en)


def _data_key(environment: Mapping[str, str]) -> Line:
    given, file = environment.get("YIZHAN_DATA_KEY", ""), keys.file()
    if not given and not file.is_file():
        zh = f"还没有数据密钥，第一次启动时生成在 {file}。生成后请马上另存一份"
        return Line("warn", "data-key", zh, f"none yet: the first start makes {file}. Keep a copy apart at once")
    try:
        key = keys.Keys.read(given or file.read_bytes()).now
    except ValueError as error:
        zh = "数据密钥应是 32 字节的 base64（国密大厅前面写 national:），现在的读不出"
        return Line("error", "data-key", zh, f"expected base64 of 32 bytes: {error}")
    try:
        keys.agreed(key, environment.get(keys.SUITE, ""))
    except keys.OtherSuite as other:
        zh = f"YIZHAN_CRYPTO 只给新大厅选算法，这个大厅的密钥是{key.suite.zh}。请去掉它，或写 {key.suite.name}"
        return Line("error", "data-key", zh, f"{other}: leave it out, or say {key.suite.name}")
    if not given and file.stat().st_mode & 0o077:
        return Line("error", "data-key", f"别的用户能读密钥：chmod 600 {file}", f"others can read it: chmod 600 {file}")
    return Line("ok", "data-key", f"数据密钥在，{key.suite.zh}", f"there, suite {key.suite.name}")


def _gateway(settings: Settings, environment: Mapping[str, str]) -> Iterator[Line]:
    for about, name in (("gateway", "YIZHAN_GATEWAY_URL"), ("exchange", "YIZHAN_EXCHANGE_URL")):
        url = environment.get(name, "")
        if not url:
            if about == "gateway":
                zh, en = "短信只显示在页面上，只能在本机试用", "codes are on the page: for trying out only"
                yield Line("warn", about, zh, en)
            continue
        if not private(url):
            zh = f"{name} 应是 https:// 开头的完整地址：里面有手机号和内容"
            yield Line("error", about, zh, f"{name} must be a whole https:// address: it carries people's data")
        elif not environment.get(name.replace("_URL", "_TOKEN")):
            zh = f"没有设置 {name.replace('_URL', '_TOKEN')}，对方认不出是大厅"
            yield Line("warn", about, zh, f"without {name.replace('_URL', '_TOKEN')} it cannot tell the hall")
        else:
            yield Line("ok", about, host_of(url), host_of(url))
    if settings.reachable and not settings.public_url.startswith("https://"):
        zh, en = "YIZHAN_PUBLIC_URL 应是 https:// 开头的地址", "YIZHAN_PUBLIC_URL should be an https:// address"
        yield Line("warn", "public-url", zh, en)
    if settings.reachable and not settings.https:
        zh, en = "别人能打开大厅，但没有设 YIZHAN_HTTPS=1", "others can reach the hall: set YIZHAN_HTTPS=1"
        yield Line("error", "https", zh, en)


def _signing_in(settings: Settings) -> Iterator[Line]:
    """What is asked of the hall's people beside a password."""
    if not settings.reachable:
        return
    if not settings.second_factor:
        zh = "YIZHAN_SECOND_FACTOR=none：负责人、流程设计、管理员只凭密码登录"
        yield Line("warn", "second-factor", zh, "heads, designers and administrators sign in by a password alone")
    else:
        roles = "、".join(sorted(settings.second_factor))
        yield Line("ok", "second-factor", f"要两步验证的：{roles}", f"asked of {roles.replace('、', ', ')}")
    if settings.sso is not None and not settings.public_url:
        zh = "统一登录要按大厅的地址登记，请设 YIZHAN_PUBLIC_URL"
        yield Line("error", "sso", zh, "the single sign-on knows the hall by its address: set YIZHAN_PUBLIC_URL")


def _certificate(settings: Settings, environment: Mapping[str, str], now: datetime) -> Line:
    name = environment.get("YIZHAN_SIGNER", "")
    if not name:
        zh = "没有设置 YIZHAN_SIGNER：文书由演示证书签署，不具法律效力"
        return Line("warn", "certificate", zh, "no YIZHAN_SIGNER: papers are signed by a demonstration key")
    try:
        password = environment.get("YIZHAN_SIGNER_PASSWORD", "").encode() or None
        found = pkcs12.load_key_and_certificates(Path(name).read_bytes(), password)[1]
    except OSError as error:
        return Line("error", "certificate", f"{name} 读不出：{error.strerror}", f"{name}: {error.strerror}")
    except ValueError:
        zh = f"{name} 打不开：口令 YIZHAN_SIGNER_PASSWORD 不对，或不是 PKCS#12 文件"
        return Line("error", "certificate", zh, f"{name}: wrong YIZHAN_SIGNER_PASSWORD, or no PKCS#12 file")
    if found is None:
        return Line("error", "certificate", f"{name} 里没有证书", f"{name} holds no certificate")
    begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
    if not begins <= now <= ends:
        zh = f"证书的有效期是 {begins:%Y-%m-%d} 到 {ends:%Y-%m-%d}，现在不能用。请换新证书"
        return Line("error", "certificate", zh, f"valid {begins:%Y-%m-%d} to {ends:%Y-%m-%d}: get a new one")
    if Path(name).stat().st_mode & 0o077:
        zh = f"别的用户能读证书和私钥：chmod 600 {name}"
        return Line("error", "certificate", zh, f"others can read the key of the office's seal: chmod 600 {name}")
    if not environment.get("YIZHAN_TSA"):
        zh = f"证书有效到 {ends:%Y-%m-%d}，没有设置时间戳 YIZHAN_TSA：到期以后文书的签名单凭文件不能再核验"
        return Line("warn", "certificate", zh, f"valid until {ends:%Y-%m-%d}; without YIZHAN_TSA papers end with it")
    level: Level = "warn" if ends - now < RENEW else "ok"
    return Line(level, "certificate", f"证书有效到 {ends:%Y-%m-%d}", f"valid until {ends:%Y-%m-%d}")


def _scanner(environment: Mapping[str, str]) -> Line:
    scanner = clamd.configured(environment)
    if scanner is None:
        zh = "没有设置 YIZHAN_CLAMD：上传的文件只看格式和内容，不查病毒"
        return Line("warn", "clamd", zh, "no YIZHAN_CLAMD: uploads are judged by form and content, not scanned")
    if not scanner.alive():
        zh = "YIZHAN_CLAMD 没有应答：上传的文件一个都不收，直到它恢复"
        return Line("error", "clamd", zh, "YIZHAN_CLAMD does not answer: no upload is taken until it does")
    return Line("ok", "clamd", "杀毒引擎有应答", "the scanner answers")


def _permissions(home: Path) -> Line:
    if not home.is_dir():
        return Line("warn", "permissions", f"{home} 还没有，第一次启动时建好", f"{home} is made by the first start")
    files = (*home.glob("*.db*"), *home.glob("log/*"), *home.glob("keys/*"))
    open_ = [one for one in files if one.is_file() and one.stat().st_mode & 0o077]
    if home.stat().st_mode & 0o077 or open_:
        which = "、".join(str(one) for one in (open_ or [home])[:5])
        zh = f"别的用户能读大厅的文件：{which}。请 chmod 700 {home}，其中的文件 chmod 600"
        return Line("error", "permissions", zh, f"others can read {which}: chmod 700 {home}, and 600 what is in it")
    return Line("ok", "permissions", "别的用户读不到大厅的文件", "others cannot read the hall's files")


def _fonts(environment: Mapping[str, str]) -> Line:
    place = Path(environment.get("YIZHAN_FONTS") or fonts.folder())
    if fonts.ready(place) or fonts.ready(fonts.folder()):
        return Line("ok", "fonts", "文书的字体在", "the papers' fonts are there")
    zh = f"{place} 里没有切好的字体，文书做不出来。请运行 python -m engine.records.papers.fonts"
    return Line("error", "fonts", zh, f"no cut fonts in {place}: python -m engine.records.papers.fonts")


def _space(home: Path) -> Line:
    place = next(one for one in (home, *home.parents) if one.is_dir())
    free = shutil.disk_usage(place).free
    words = f"剩余空间 {free / 1e9:.1f} GB", f"{free / 1e9:.1f} GB free"
    if free < LITTLE:
        level: Level = "error" if free < TOO_LITTLE else "warn"
        return Line(level, "space", f"{words[0]}，请清理或扩容", f"{words[1]}: make room")
    return Line("ok", "space", *words)


def _clock(newest: datetime | None, jumped: list[str], now: datetime) -> Line:
    if newest is not None and newest - now > AHEAD:
        zh = f"机器时间 {now:%Y-%m-%d %H:%M} UTC 比最近的记录（{newest:%Y-%m-%d %H:%M}）还早。请对时（NTP）"
        return Line(
            "error", "clock", zh, f"this machine says {now:%Y-%m-%d %H:%M} UTC, the record is ahead: set it (NTP)"
        )
    if jumped:
        names = "、".join(jumped)
        return Line(
            "warn", "clock", f"时钟跳变待确认：{names}。见 yizhan clock", f"a clock jumped: {names}. yizhan clock"
        )
    if not synchronised():
        zh = f"机器时间 {now:%Y-%m-%d %H:%M} UTC，没有对时服务在校准它。请启用 NTP（chrony、systemd-timesyncd）"
        return Line("warn", "clock", zh, f"{now:%Y-%m-%d %H:%M} UTC, kept by nothing: enable NTP")
    return Line("ok", "clock", f"机器时间 {now:%Y-%m-%d %H:%M} UTC", f"{now:%Y-%m-%d %H:%M} UTC")


#: What adjtimex answers when nothing keeps the clock (TIME_ERROR of <sys/timex.h>), and room for its record.
_UNKEPT, _TIMEX = 5, 512


def synchronised() -> bool:
    """Whether the system's clock is kept by NTP, as the kernel says; True where it cannot say."""
    try:
        ask = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):  # another system than Linux
        return True
    return bool(ask(ctypes.create_string_buffer(_TIMEX)) != _UNKEPT)  # modes 0: it only reads


def here(environment: Mapping[str, str] | None = None, *, now: datetime | None = None) -> list[Line]:
    """Of this machine as it is set. Settings that do not hold are one line: nothing else can be judged."""
    from web import settings

    env = os.environ if environment is None else environment
    try:
        read = settings.read(env)
    except BadSettings as bad:
        chinese, _, english = str(bad).removeprefix("[一站] ").partition("\n")
        return [Line("error", "settings", chinese, english.strip() or chinese)]
    return examine(read, env, now=now or datetime.now(UTC))
