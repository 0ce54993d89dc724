"""What the outside decides: settings from the environment, read once at start. An unknown YIZHAN_ name stops the
program, so that a spelling mistake is found at eight in the morning and not at noon."""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine import crypto
from engine.records.incoming import clamd
from engine.store import keys

if TYPE_CHECKING:
    from engine.people.sessions import Limits

#: Every name the hall knows, with what it is for: the set-up guide is made from this table.
KNOWN = {
    "YIZHAN_HOME": "folder of the database, files and keys (default: var)",
    "YIZHAN_DATABASE_URL": "postgresql://… instead of SQLite in the home folder",
    "YIZHAN_DATA_KEY": "base64 of the 32-byte key that seals personal data (default: made in the home folder)",
    "YIZHAN_CRYPTO": "suite of a new hall: international (AES, SHA-256) or national (SM4, SM3, SM2)",
    "YIZHAN_SEAL_KEY": "base64 of the 32-byte key that signs the audit's seals (default: made in the home folder)",
    "YIZHAN_ANCHOR_FILE": "file on another machine that the newest seal of the audit is written to, once a day",
    "YIZHAN_ANCHOR_URL": "where the newest seal is posted (https), once a day",
    "YIZHAN_ANCHOR_TOKEN": "bearer token for that address",
    "YIZHAN_SECRET_KEY": "signs cookies (default: made in the home folder)",
    "YIZHAN_HOST": "address to listen on (default: 127.0.0.1)",
    "YIZHAN_PORT": "port to listen on (default: 8000)",
    "YIZHAN_HTTPS": "1 when people reach the hall by https: cookies are then sent by https only",
    "YIZHAN_PROXIES": "how many proxies stand in front (default: 0); their X-Forwarded headers are then believed",
    "YIZHAN_NOTICES": "screen (development: codes are shown on the page) or gateway (default: screen)",
    "YIZHAN_GATEWAY_URL": "where notices are posted (https), when YIZHAN_NOTICES is gateway",
    "YIZHAN_GATEWAY_TOKEN": "bearer token for that address",
    "YIZHAN_EXCHANGE_URL": "where other offices' data are asked (https); without it the log says what would be asked",
    "YIZHAN_EXCHANGE_TOKEN": "bearer token for that address",
    "YIZHAN_PUBLIC_URL": "address of the hall as people reach it: links and check codes on papers carry it",
    "YIZHAN_SIGNER": "PKCS#12 file of the office's certificate that signs papers (default: a demonstration key)",
    "YIZHAN_SIGNER_PASSWORD": "passphrase of that file",
    "YIZHAN_TSA": "address of a time-stamping authority (RFC 3161): papers then outlive their certificate (PAdES B-LT)",
    "YIZHAN_TSA_TRUST": "PEM file of the roots of the certificate's and the time stamp's authorities",
    "YIZHAN_FONTS": "folder of the papers' pre-cut fonts (default: made at set-up)",
    "YIZHAN_SILENCE_DAYS": "days without a sign-in after which a telephone alone opens no account (default: 90)",
    "YIZHAN_UPLOAD_MB": "largest file a person may send, in megabytes (default: 20)",
    "YIZHAN_CLAMD": "virus scanner for uploads: unix:/run/clamav/clamd.ctl or tcp:host:3310 (default: none)",
    "YIZHAN_HALL_NAME": "name of the hall",
    "YIZHAN_HALL_PHONE": "telephone of the hall, on every page",
    "YIZHAN_SESSION_HOURS": "a log-in is over after so many hours, whatever is done in it (default: 12)",
    "YIZHAN_IDLE_MINUTES": "a log-in of staff is over when nobody used it for so many minutes; 0: never (default: 60 "
    "where others can reach the hall, else 0)",
    "YIZHAN_SECOND_FACTOR": "which staff must have a second factor: roles (supervisor, designer, operator, "
    "security, auditor, clerk) with commas, staff (everybody) or none (default: all but clerk where others can reach "
    "the hall, else none)",
    "YIZHAN_PUBLISH_BY_TWO": "1 when what a designer publishes in the browser waits for a second designer's approval; "
    "whoever drew it cannot approve it (default: one is enough)",
    "YIZHAN_SSO_ISSUER": "address of the county's single sign-on (OpenID Connect); without it staff sign in here alone",
    "YIZHAN_SSO_CLIENT": "by which name the single sign-on knows the hall (client id)",
    "YIZHAN_SSO_SECRET": "and the word that proves it (client secret)",
    "YIZHAN_SSO_CLAIM": "which of its claims is the log-in name in the hall (default: preferred_username)",
    "YIZHAN_SSO_NAME": "what its button says (default: 统一登录)",
    "YIZHAN_SSO_NAMES": "fixed when nobody can choose their own log-in name there: the first sign-in then joins the "
    "account of that name at once (default: the hall's own password is asked once)",
    "YIZHAN_SSO_FACTOR": "1 when the single sign-on itself asks for a second factor: the hall then asks for none",
    "YIZHAN_METRICS_TOKEN": "bearer token that opens /metrics to other machines (default: this machine only)",
    "YIZHAN_LOG": "text, or json: an object a line, with a line for each request (default: text)",
    "YIZHAN_CONTENT": "folder that holds bpmn/ and forms/ (default: the program's own)",
}

#: Whom a second factor can be asked of, and of whom it is where nothing is set.
SECOND_FACTOR = "supervisor,designer,operator,security,auditor"
ROLES = frozenset({*SECOND_FACTOR.split(","), "clerk", "staff"})
#: No log-in lasts longer than a day.
MOST_HOURS = 24
#: Nor is a telephone number of which nothing was heard for ten years believed to be the same person's.
MOST_SILENCE = 3650
#: Bytes of a form that a page sends (a list of a thousand records is far below), and of a JSON object.
MOST_FORM, MOST_JSON = 2 * 1024 * 1024, 1_000_000

ROOT = Path(__file__).resolve().parent.parent


class BadSettings(SystemExit):
    """Expected settings the hall knows; says which is wrong."""


@dataclass(frozen=True)
class Provider:
    """The county's single sign-on (OpenID Connect)."""

    issuer: str
    client: str
    secret: str = field(repr=False)
    claim: str = "preferred_username"  # which says the log-in name in the hall
    name: str = "统一登录"
    two_factors: bool = False  # it asks for a second factor itself
    fixed: bool = False  # nobody there chooses their own log-in name


@dataclass(frozen=True)
class Settings:
    """One hall's settings."""

    home: Path
    database_url: str  # SQLAlchemy's; "" means SQLite in `home`
    secret_key: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    https: bool = False
    proxies: int = 0
    notices: str = "screen"  # screen: one-time codes are shown on the page
    upload_mb: int = 20
    silence: timedelta = timedelta(days=90)  # after it a telephone alone opens no account
    hall_name: str = "德化县政务服务大厅"
    hall_phone: str = "0595-12345"
    content: Path = ROOT
    public_url: str = ""  # as people reach it
    metrics_token: str = field(default="", repr=False)
    log: str = "text"
    session_hours: int = 12
    idle_minutes: int = 0  # of staff; 0: as long as the session
    publish_by_two: bool = False  # a second designer approves what one publishes
    sso: Provider | None = None
    second_factor: frozenset[str] = frozenset()  # roles that must have one; "staff": everybody
    anchor_file: Path | None = None  # of the audit, elsewhere

    @property
    def reachable(self) -> bool:
        """Whether others than this machine can reach the hall: then nothing made for trying it out may be open."""
        outside = self.public_url and not loopback(host_of(self.public_url))
        return not loopback(self.host) or self.https or bool(outside) or self.proxies > 0

    @property
    def hosts(self) -> list[str]:
        """The names by which the hall may be asked for; another one is refused (a poisoned Host header)."""
        if not self.public_url and (self.proxies or not loopback(self.host)):
            return []  # by which name people reach it is not known here
        own = [host_of(self.public_url)] if self.public_url else []
        return list(dict.fromkeys([*own, self.host, "localhost", "127.0.0.1", "::1"]))

    @property
    def session_limits(self) -> Limits:
        """How long a log-in of staff lasts."""
        from engine.people.sessions import Limits  # and with it half of the engine: none but the web asks

        idle = timedelta(minutes=self.idle_minutes) if self.idle_minutes else None
        return Limits(timedelta(hours=self.session_hours), idle)

    @property
    def development(self) -> bool:
        """True when notices are shown on the screen instead of being sent."""
        return self.notices == "screen"


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in this environment; makes the secret key on first use."""
    env = os.environ if environment is None else environment
    unknown = sorted(k for k in env if k.startswith("YIZHAN_") and k not in KNOWN)
    if unknown:
        raise BadSettings(
            f"[一站] 不认识的设置：{'、'.join(unknown)}。可用的有：{'、'.join(KNOWN)}。\n"
            f"Unknown setting(s): {', '.join(unknown)}."
        )
    if env.get("YIZHAN_TSA") and not (env.get("YIZHAN_SIGNER") and env.get("YIZHAN_TSA_TRUST")):
        raise BadSettings(
            "[一站] YIZHAN_TSA 要和单位的签名证书 YIZHAN_SIGNER、根证书文件 YIZHAN_TSA_TRUST 一起设置。\n"
            "Expected YIZHAN_SIGNER and YIZHAN_TSA_TRUST beside YIZHAN_TSA."
        )
    try:
        clamd.configured(env)
    except ValueError as error:
        raise BadSettings(
            f"[一站] {clamd.SETTING} 应为 unix:/路径 或 tcp:主机:端口，现在是“{env[clamd.SETTING]}”。\n{error}."
        ) from None
    if env.get(keys.SUITE) and env[keys.SUITE] not in crypto.SUITES:
        raise BadSettings(
            f"[一站] {keys.SUITE} 应为 {' 或 '.join(crypto.SUITES)}，现在是“{env[keys.SUITE]}”。\n"
            f"Expected one of {', '.join(crypto.SUITES)} in {keys.SUITE}."
        )
    if env.get("YIZHAN_ANCHOR_URL") and not private(env["YIZHAN_ANCHOR_URL"]):
        raise BadSettings(
            "[一站] YIZHAN_ANCHOR_URL 应是 https:// 开头的完整地址：令牌随封存一起发出去，现在是"
            f"“{env['YIZHAN_ANCHOR_URL']}”。\n"
            "Expected a whole https:// address in YIZHAN_ANCHOR_URL: the token goes with each seal."
        )
    home = Path(env.get("YIZHAN_HOME") or "var").resolve()
    notices = env.get("YIZHAN_NOTICES", "screen")
    if notices not in ("screen", "gateway"):
        raise BadSettings(f"[一站] YIZHAN_NOTICES 应为 screen 或 gateway，现在是“{notices}”。")
    if env.get("YIZHAN_LOG", "") not in ("", "text", "json"):
        raise BadSettings(
            f"[一站] YIZHAN_LOG 应为 text 或 json，现在是“{env['YIZHAN_LOG']}”。 Expected text or json in YIZHAN_LOG."
        )
    if notices == "gateway" and not env.get("YIZHAN_GATEWAY_URL"):
        raise BadSettings(
            "[一站] YIZHAN_NOTICES=gateway 时须写明网关地址 YIZHAN_GATEWAY_URL。\n"
            "Expected YIZHAN_GATEWAY_URL beside YIZHAN_NOTICES=gateway: without it nothing could be sent."
        )
    found = Settings(
        home=home,
        database_url=env.get("YIZHAN_DATABASE_URL", ""),
        secret_key=env.get("YIZHAN_SECRET_KEY") or _made_secret(home),
        host=env.get("YIZHAN_HOST", "127.0.0.1"),
        port=_number(env, "YIZHAN_PORT", 8000),
        https=env.get("YIZHAN_HTTPS", "") in ("1", "true", "yes"),
        proxies=_number(env, "YIZHAN_PROXIES", 0),
        notices=notices,
        upload_mb=_number(env, "YIZHAN_UPLOAD_MB", 20),
        silence=timedelta(days=_number(env, "YIZHAN_SILENCE_DAYS", Settings.silence.days, most=MOST_SILENCE)),
        hall_name=env.get("YIZHAN_HALL_NAME", Settings.hall_name),
        hall_phone=env.get("YIZHAN_HALL_PHONE", Settings.hall_phone),
        content=content(env),
        public_url=env.get("YIZHAN_PUBLIC_URL", "").rstrip("/"),
        metrics_token=env.get("YIZHAN_METRICS_TOKEN", ""),
        log=env.get("YIZHAN_LOG") or "text",
        session_hours=_number(env, "YIZHAN_SESSION_HOURS", 12, most=MOST_HOURS),
        publish_by_two=env.get("YIZHAN_PUBLISH_BY_TWO", "") in ("1", "true", "yes"),
        anchor_file=Path(env["YIZHAN_ANCHOR_FILE"]) if env.get("YIZHAN_ANCHOR_FILE") else None,
    )
    found = replace(found, idle_minutes=_number(env, "YIZHAN_IDLE_MINUTES", 60 if found.reachable else 0))
    asked = env.get("YIZHAN_SECOND_FACTOR") or (SECOND_FACTOR if found.reachable else "none")
    found = replace(found, second_factor=_roles(asked), sso=_provider(env))
    if found.public_url and not host_of(found.public_url):
        raise BadSettings(
            f"[一站] YIZHAN_PUBLIC_URL 应是完整地址，例如 https://hall.example.cn，现在是“{found.public_url}”。\n"
            "Expected a whole address in YIZHAN_PUBLIC_URL, such as https://hall.example.cn."
        )
    if found.development and found.reachable:
        raise BadSettings(
            "[一站] 现在的设置别人也能打开大厅，但 YIZHAN_NOTICES=screen 把验证码显示在页面上，谁都能冒充任何人登录。\n"
            "       请设置 YIZHAN_NOTICES=gateway 和 YIZHAN_GATEWAY_URL；只在本机试用的，让 YIZHAN_HOST 为 127.0.0.1，"
            "不设 YIZHAN_HTTPS 和 YIZHAN_PUBLIC_URL。\n"
            "       Others can reach this hall, and YIZHAN_NOTICES=screen shows log-in codes on the page: set "
            "YIZHAN_NOTICES=gateway and YIZHAN_GATEWAY_URL, or serve on 127.0.0.1 without HTTPS and public address."
        )
    return found


def _provider(env: Mapping[str, str]) -> Provider | None:
    """The county's single sign-on; None: there is none."""
    issuer = env.get("YIZHAN_SSO_ISSUER", "").rstrip("/")
    if not issuer:
        return None
    if not private(issuer):
        raise BadSettings(
            f"[一站] YIZHAN_SSO_ISSUER 应是 https:// 开头的地址，现在是“{issuer}”。\n"
            "Expected an https:// address in YIZHAN_SSO_ISSUER."
        )
    client, secret = env.get("YIZHAN_SSO_CLIENT", ""), env.get("YIZHAN_SSO_SECRET", "")
    if not client or not secret:
        raise BadSettings(
            "[一站] 设了 YIZHAN_SSO_ISSUER，还要设 YIZHAN_SSO_CLIENT 和 YIZHAN_SSO_SECRET。\n"
            "Expected YIZHAN_SSO_CLIENT and YIZHAN_SSO_SECRET beside YIZHAN_SSO_ISSUER."
        )
    return Provider(
        issuer=issuer,
        client=client,
        secret=secret,
        claim=env.get("YIZHAN_SSO_CLAIM") or Provider.claim,
        name=env.get("YIZHAN_SSO_NAME") or Provider.name,
        two_factors=env.get("YIZHAN_SSO_FACTOR", "") in ("1", "true", "yes"),
        fixed=env.get("YIZHAN_SSO_NAMES", "") == "fixed",
    )


def _roles(text: str) -> frozenset[str]:
    roles = frozenset(word.strip() for word in text.split(",")) - {"none", ""}
    unknown = sorted(roles - ROLES)
    if unknown:
        raise BadSettings(
            f"[一站] YIZHAN_SECOND_FACTOR 里不认识：{'、'.join(unknown)}。可以写：{'、'.join(sorted(ROLES))}、none。\n"
            f"Unknown in YIZHAN_SECOND_FACTOR: {', '.join(unknown)}. Known: {', '.join(sorted(ROLES))}, none."
        )
    return roles


def loopback(host: str) -> bool:
    """Whether this address is the machine itself."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def private(url: str) -> bool:
    """Whether nobody on the way reads what is sent there: https, or a small program on this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and loopback(host)))


def content(environment: Mapping[str, str] | None = None) -> Path:
    """The folder that holds bpmn/ and forms/. For commands that need nothing else of the hall: no key is made."""
    env = os.environ if environment is None else environment
    return Path(env.get("YIZHAN_CONTENT") or ROOT).resolve()


def _number(env: Mapping[str, str], name: str, otherwise: int, *, most: int | None = None) -> int:
    """A whole number; with `most`, from 1 to that."""
    text = env.get(name, "")
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit()):
        raise BadSettings(f"[一站] {name} 应为整数，现在是“{text}”。 Expected a whole number in {name}.")
    if most is not None and not 1 <= int(text) <= most:
        raise BadSettings(f"[一站] {name} 应为 1 到 {most}，现在是“{text}”。 Expected 1 to {most} in {name}.")
    return int(text)


def _made_secret(home: Path) -> str:
    return keys.kept(home / "keys" / "cookie.key", lambda: f"{secrets.token_hex(32)}\n".encode()).decode().strip()
