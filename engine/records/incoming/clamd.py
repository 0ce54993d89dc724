"""The county's virus scanner, when there is one: clamd, asked by INSTREAM over a socket (YIZHAN_CLAMD).

`unix:/run/clamav/clamd.ctl` or `tcp:host:3310`. It fails closed: where one is set and does not answer, nothing is
taken until it does.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass

from engine.records.incoming.unfit import Unfit

SETTING = "YIZHAN_CLAMD"
#: clamd takes a stream in pieces; each says its length.
_PIECE = 128 * 1024
#: How long a scan may take in all, and how long its answer may be.
TIMEOUT_S, _ANSWER = 20.0, 4096
_ADDRESS = re.compile(r"unix:(?P<path>/.+)|tcp:(?P<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Scanner:
    """Where clamd listens."""

    path: str = ""
    host: str = ""
    port: int = 0
    timeout_s: float = TIMEOUT_S

    def look(self, data: bytes) -> None:
        """Unfit when the scanner finds something, or gives no answer."""
        try:
            said = self._ask(b"zINSTREAM\0", data)
        except OSError:
            raise _not_now() from None
        if said == "stream: OK":
            return
        found = re.fullmatch(r"stream: (.{1,200}) FOUND", said)
        if found is None:  # an error of the scanner's: too large for it, out of memory
            raise _not_now()
        raise Unfit(
            f"里面有病毒（{found[1]}），没有收。请用杀毒软件清理这台设备，再重新导出或拍照上传。",
            f"The file holds malware ({found[1]}) and was not taken. Clean your device, then export it again.",
        )

    def alive(self) -> bool:
        """Whether it answers at all."""
        try:
            return self._ask(b"zPING\0") == "PONG"
        except OSError:
            return False

    def _ask(self, command: bytes, data: bytes | None = None) -> str:
        """Its answer, within the time limit: each read and write gets what is left of it."""
        until = time.monotonic() + self.timeout_s
        with self._connected() as link:
            parts = [command]
            if data is not None:
                parts += [
                    struct.pack(">I", len(data[at : at + _PIECE])) + data[at : at + _PIECE]
                    for at in range(0, len(data), _PIECE)
                ]
                parts.append(struct.pack(">I", 0))
            try:
                for part in parts:
                    link.settimeout(_left(until))
                    link.sendall(part)
            except BrokenPipeError:  # it says why before it hangs up: the limit of its own is lower than ours
                pass
            said = b""
            while b"\0" not in said and len(said) < _ANSWER:
                link.settimeout(_left(until))
                piece = link.recv(_ANSWER)
                if not piece:
                    break
                said += piece
        return said.partition(b"\0")[0].decode("utf-8", "replace").strip()

    def _connected(self) -> socket.socket:
        if not self.path:
            return socket.create_connection((self.host, self.port), timeout=min(3.0, self.timeout_s))
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.settimeout(min(3.0, self.timeout_s))
            link.connect(self.path)
        except BaseException:
            link.close()
            raise
        return link


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def read(text: str) -> Scanner:
    """The scanner of a setting. ValueError when it is no address."""
    found = _ADDRESS.fullmatch(text)
    if found is None or (found["port"] and not 0 < int(found["port"]) < 65536):
        raise ValueError(f"Expected unix:/path or tcp:host:port in {SETTING}")
    if found["path"]:
        return Scanner(path=found["path"])
    return Scanner(host=found["host"].strip("[]"), port=int(found["port"]))


def configured(environment: Mapping[str, str] | None = None) -> Scanner | None:
    """The scanner of this hall; None where none is set."""
    text = (os.environ if environment is None else environment).get(SETTING, "")
    return read(text) if text else None


def _not_now() -> Unfit:
    return Unfit(
        "现在不能检查病毒，没有收。请几分钟后再传，急的请到窗口交。",
        "It cannot be scanned for malware now and was not taken. Try again in some minutes, or bring it to a counter.",
    )
