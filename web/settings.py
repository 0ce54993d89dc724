"""What the outside decides: settings from the environment, read once at start. An unknown YIZHAN_ name stops the
program, so that a spelling mistake is found at eight in the morning and not at noon."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.store import keys

#: Every name the hall knows, with what it is for: the set-up guide is made from this table.
KNOWN = {
    "YIZHAN_HOME": "folder of the database, files and keys (default: var)",
    "YIZHAN_DATABASE_URL": "postgresql://… instead of SQLite in the home folder",
    "YIZHAN_DATA_KEY": "base64 of the 32-byte key that seals personal data (default: made in the home folder)",
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
    "YIZHAN_FONTS": "folder of the papers' pre-cut fonts (default: made at set-up)",
    "YIZHAN_UPLOAD_MB": "largest file a person may send, in megabytes (default: 20)",
    "YIZHAN_HALL_NAME": "name of the hall",
    "YIZHAN_HALL_PHONE": "telephone of the hall, on every page",
    "YIZHAN_CONTENT": "folder that holds bpmn/ and forms/ (default: the program's own)",
}

ROOT = Path(__file__).resolve().parent.parent


class BadSettings(SystemExit):
    """Expected settings the hall knows; says which is wrong."""


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
    hall_name: str = "德化县政务服务大厅"
    hall_phone: str = "0595-12345"
    content: Path = ROOT

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
    home = Path(env.get("YIZHAN_HOME") or "var").resolve()
    notices = env.get("YIZHAN_NOTICES", "screen")
    if notices not in ("screen", "gateway"):
        raise BadSettings(f"[一站] YIZHAN_NOTICES 应为 screen 或 gateway，现在是“{notices}”。")
    if notices == "gateway" and not env.get("YIZHAN_GATEWAY_URL"):
        raise BadSettings(
            "[一站] YIZHAN_NOTICES=gateway 时须写明网关地址 YIZHAN_GATEWAY_URL。\n"
            "Expected YIZHAN_GATEWAY_URL beside YIZHAN_NOTICES=gateway: without it nothing could be sent."
        )
    return Settings(
        home=home,
        database_url=env.get("YIZHAN_DATABASE_URL", ""),
        secret_key=env.get("YIZHAN_SECRET_KEY") or _made_secret(home),
        host=env.get("YIZHAN_HOST", "127.0.0.1"),
        port=_number(env, "YIZHAN_PORT", 8000),
        https=env.get("YIZHAN_HTTPS", "") in ("1", "true", "yes"),
        proxies=_number(env, "YIZHAN_PROXIES", 0),
        notices=notices,
        upload_mb=_number(env, "YIZHAN_UPLOAD_MB", 20),
        hall_name=env.get("YIZHAN_HALL_NAME", Settings.hall_name),
        hall_phone=env.get("YIZHAN_HALL_PHONE", Settings.hall_phone),
        content=content(env),
    )


def content(environment: Mapping[str, str] | None = None) -> Path:
    """The folder that holds bpmn/ and forms/. For commands that need nothing else of the hall: no key is made."""
    env = os.environ if environment is None else environment
    return Path(env.get("YIZHAN_CONTENT") or ROOT).resolve()


def _number(env: Mapping[str, str], name: str, otherwise: int) -> int:
    text = env.get(name, "")
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit()):
        raise BadSettings(f"[一站] {name} 应为整数，现在是“{text}”。 Expected a whole number in {name}.")
    return int(text)


def _made_secret(home: Path) -> str:
    return keys.kept(home / "keys" / "cookie.key", lambda: f"{secrets.token_hex(32)}\n".encode()).decode().strip()
