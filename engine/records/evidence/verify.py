#!/usr/bin/env python3
"""责任证据包的独立核验程序。只要有 Python 3.9 以上，不联网，不装任何东西：

    python3 verify.py                 在解开的文件夹里
    python3 verify.py 证据包.zip

Verifies an evidence package offline, with nothing but Python's standard library: every file against the manifest and
its signature, every event against its hash and its place in the chain, the chain against the signed seals, and outcome,
papers, looks, versions against the events. One sentence says how it stands; exit 0 only when all of it holds.

The public key is in the package, so a forger could put in their own: compare its fingerprint, printed below, with the
one that the hall has published. And take this program from the hall's source, not from a package you distrust.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import sys
import time
import zipfile
from functools import cache
from typing import Any

GENESIS = "0" * 64
MANIFEST = "manifest.json"
#: Which status of a case that was ended by hand means which outcome.
ENDED = {"withdrawn": "withdrawn", "terminated": "ended"}


class Package:
    """A package's files by name, out of a zip or a folder; and what is wrong with them."""

    def __init__(self, path: str) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: list[tuple[str, str, str]] = []
        if os.path.isdir(path):
            for folder, _, names in os.walk(path):
                for name in names:
                    whole = os.path.join(folder, name)
                    with open(whole, "rb") as read:
                        self.files[os.path.relpath(whole, path).replace(os.sep, "/")] = read.read()
            return
        try:
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name in self.files:
                        self.fault(name, "同名文件有两个", "there are two of that name")
                    try:
                        self.files[name] = archive.read(name)
                    except Exception as error:  # one damaged entry; the others are looked at all the same
                        self.fault(name, "压缩包里这个文件损坏", f"it is damaged in the zip ({type(error).__name__})")
                        self.files[name] = b""
        except (zipfile.BadZipFile, OSError) as error:
            self.fault(os.path.basename(path), "打不开，不是完整的压缩包", f"cannot be opened: {error}")

    def fault(self, where: str, zh: str, en: str) -> None:
        self.faults.append((where, zh, en))

    def json(self, name: str) -> Any:
        """A part, read; None, and a fault, when it is not there or cannot be read."""
        try:
            found = json.loads(self.files[name].decode("utf-8"))
        except KeyError:
            self.fault(name, "缺少这个文件", "it is missing")
            return None
        except ValueError:
            self.fault(name, "读不懂", "it cannot be read")
            return None
        if isinstance(found, dict) and "unreadable" in found:
            self.fault(
                name, "出包时数据库里这一部分就读不出来：{}".format(found["unreadable"]), "unreadable in the database"
            )
            return None
        return found


def verify(path: str) -> tuple[Package, dict[str, Any]]:
    """The package, its faults found; and what was looked at."""
    package = Package(path)
    looked: dict[str, Any] = {"events": 0, "seals": 0, "files": len(package.files), "public": "", "number": ""}
    for part in (_manifest, _events, _case, _papers, _materials, _looks, _versions, _others):
        try:
            part(package, looked)
        except Exception as error:  # whatever stands there, it is not what the hall wrote
            name = part.__name__.strip("_")
            package.fault(name, "内容不成样子", f"not as the hall writes it ({type(error).__name__}: {error})")
    return package, looked


def _manifest(package: Package, looked: dict[str, Any]) -> None:
    manifest = package.json(MANIFEST)
    if manifest is None:
        return
    looked["public"], looked["number"] = manifest["public"], manifest["number"]
    words = dumps({key: value for key, value in manifest.items() if key != "signature"}, sort=True)
    if not signed(manifest["public"], "yizhan evidence|" + words, manifest["signature"]):
        package.fault(MANIFEST, "签名不对，清单被改动", "its signature does not fit: the manifest was changed")
    for name, sha in manifest["files"].items():
        if name not in package.files:
            package.fault(name, "缺少这个文件", "it is missing")
        elif hashlib.sha256(package.files[name]).hexdigest() != sha:
            package.fault(name, "内容被改动，和清单不符", "it was changed: it does not fit the manifest")
    for name in package.files:
        if name not in manifest["files"] and name != MANIFEST and "__pycache__" not in name:
            package.fault(name, "清单里没有这个文件，是后来加的", "it is not in the manifest: it was added")


def _events(package: Package, looked: dict[str, Any]) -> None:
    """The chain of the case, event by event, and the seals over it."""
    events, seals = package.json("events.json"), package.json("seals.json")
    if events is None or seals is None:
        return
    looked["events"], looked["seals"] = len(events), len(seals)
    sealed: dict[int, str] = {}
    last: tuple[int, str] | None = None
    manifest = json.loads(package.files[MANIFEST].decode("utf-8"))
    for seal in seals:
        where = "seal:{}".format(seal["id"])
        rows = "".join(f"\0{row[0]}:{row[1]}" for row in seal["events"])
        words = seal["previous"] + "\0" + seal["at"] + rows
        if not fits(seal["hash"], words.encode()) or len(seal["events"]) != seal["count"]:
            package.fault(where, "封存和它封的事件不符", "the seal does not fit its events")
        if last is not None and seal["id"] == last[0] + 1 and seal["previous"] != last[1]:
            package.fault(where, "封存之间接不上", "it does not follow the seal before it")
        if seal["signature"] is None and (manifest["signed_since"] is None or seal["id"] < manifest["signed_since"]):
            pass  # from before seals were signed: it stands in the manifest, whose signature holds it
        elif seal["signature"] is None:
            package.fault(where, "封存没有签名", "the seal is not signed")
        elif not signed(
            seal["public"], "yizhan seal|{}|{}|{}".format(seal["at"], seal["count"], seal["hash"]), seal["signature"]
        ):
            package.fault(where, "封存的签名不对", "the signature of the seal does not fit")
        elif seal["public"] not in manifest["known"]:
            package.fault(where, "封存的签名公钥不是这个大厅的", "the seal was signed by another key")
        sealed.update((row[0], row[1]) for row in seal["events"])
        last = (seal["id"], seal["hash"])
    previous = GENESIS
    for n, event in enumerate(events, 1):
        where = "{}#{}".format(event["chain"], event["seq"])
        if event["seq"] != n:
            package.fault(where, f"缺少第 {n} 条", f"expected number {n}")
        if event["previous"] != previous:
            package.fault(where, "与前一条不衔接", "it does not follow its predecessor")
        words = dumps(
            [event[key] for key in ("chain", "seq", "at", "kind", "by", "for", "case", "task")]
            + [in_order(event["facts"]), event["previous"]]
        )
        if not fits(event["hash"], words.encode()):
            package.fault(where, "内容被改动", "its content was changed")
        if event["id"] not in sealed:
            package.fault(where, "没有封存", "no seal covers it")
        elif sealed[event["id"]] != event["hash"]:
            package.fault(where, "与封存的不符", "it is not what was sealed")
        previous = event["hash"]


def _case(package: Package, looked: dict[str, Any]) -> None:
    case, events = package.json("case.json"), package.json("events.json")
    if case is None or events is None:
        return
    where = "case:{}".format(case["id"])
    head = events[-1]["hash"] if events else ""
    if (case["events_count"], case["events_head"]) != (len(events), head):
        package.fault(where, "办件记得的条数或末条和链不符", "the case remembers another end of its chain")
    begun = [e["facts"] for e in events if e["kind"] == "case.submitted"]
    if not begun or (begun[0].get("number"), begun[0].get("version")) != (case["number"], case["version"]):
        package.fault(where, "编号或版本和收件时不符", "its number or version is not what was taken in")
    finished = [e["facts"].get("outcome") for e in events if e["kind"] == "case.finished"]
    told = {e["facts"]["outcome"] for e in events if "outcome" in e["facts"]}
    told |= {"declined" for e in events if e["kind"] == "case.declined"}
    status, outcome = case["status"], case["outcome"]
    if status == "finished":
        good = bool(finished) and finished[-1] == outcome
    elif status in ENDED:
        good = not finished and outcome == ENDED[status]
    else:
        good = not finished and (not outcome or outcome in told)
    if not good:
        package.fault(
            where,
            "状态或结果（{}，{}）和记录不符".format(status, outcome or "无"),
            "its status or outcome ({}, {}) is not what the record says".format(status, outcome or "none"),
        )


def _papers(package: Package, looked: dict[str, Any]) -> None:
    papers, events = package.json("papers.json"), package.json("events.json")
    if papers is None or events is None:
        return
    made = {e["facts"]["document"]: e["facts"]["sha256"] for e in events if e["kind"] == "document.rendered"}
    void = {e["facts"]["document"] for e in events if e["kind"] == "document.voided"}
    for paper in papers:
        where = "document:{}".format(paper["id"])
        sha = made.pop(paper["id"], None)
        if paper["sha256"] != sha:
            package.fault(where, "文书的哈希和记录不符", "the hash of the paper is not what the record says")
        if (paper["state"] == "void") != (paper["id"] in void):
            package.fault(where, "文书的作废和记录不符", "whether it is void is not what the record says")
        if paper["file"]:
            data = package.files.get(paper["file"])
            if data is None or hashlib.sha256(data).hexdigest() != sha:
                package.fault(paper["file"], "不是当时开出的那份文书", "it is not the paper that was issued")
        elif paper["state"] == "ready":
            why = paper["trouble"] or "没有文件"
            package.fault(where, f"文书打不开：{why}", "the paper does not open")
    for gone in made:
        package.fault(f"document:{gone}", "文书不见了", "the paper is gone")


def _materials(package: Package, looked: dict[str, Any]) -> None:
    materials = package.json("materials.json")
    for one in materials or ():
        data = package.files.get(one["file"] or "")
        if data is None or hashlib.sha256(data).hexdigest() != one["sha256"]:
            why = one["trouble"] or "内容和登记的哈希不符"
            package.fault(
                one["file"] or "file:{}".format(one["id"]), f"材料：{why}", "it is not the file that was stored"
            )


def _looks(package: Package, looked: dict[str, Any]) -> None:
    """Each look behind a mask has its event and the other way round."""
    looks, events = package.json("looks.json"), package.json("events.json")
    if looks is None or events is None:
        return
    told = [
        (e["by"], e["facts"].get("field"), e["at"])
        for e in events
        if e["kind"] == "person.revealed" and "entry" not in e["facts"]
    ]
    for look in looks:
        if look["trouble"]:
            package.fault("reveal:{}".format(look["id"]), "查看的事由打不开，被改动了", "its purpose does not open")
        one = (look["by"], look["field"], look["at"])
        if one in told:
            told.remove(one)
        else:
            package.fault(
                "reveal:{}".format(look["id"]), "查看记录没有审计，或被改动", "no event says so, or it was changed"
            )
    for one in told:
        package.fault(f"reveal:{one[0]}", f"用户 {one[0]} 的一条查看记录不见了", f"a look by user {one[0]} is gone")


def _versions(package: Package, looked: dict[str, Any]) -> None:
    """The files of each version are what its hash says: diagram, forms, decisions, wording of that time."""
    versions = package.json("versions.json")
    for version in versions or ():
        begins = "versions/{}/".format(version["hash"][:12])
        files = {name[len(begins) :]: data for name, data in package.files.items() if name.startswith(begins)}
        total = hashlib.sha256()
        for name in sorted(files):
            if not name.endswith(("/stories.yaml", "/clauses.yaml")):
                total.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
        if total.hexdigest() != version["hash"]:
            package.fault(
                "version:{}".format(version["hash"][:12]), "事项版本的文件不是当时的", "its files are not those"
            )


def _others(package: Package, looked: dict[str, Any]) -> None:
    """What only people read: steps, decisions, acts, calendar."""
    for name in ("steps.json", "decisions.json", "acts.json", "calendar.json"):
        package.json(name)


# ---------------------------------------------------------------- text and hashes


def dumps(value: Any, sort: bool = False) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort)


def in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [in_order(one) for one in value]
    return value


def fits(hash: str, data: bytes) -> bool:
    """Whether this is the hash of it: SHA-256 in hex digits, or SM3 where it says so (sm3: and base64)."""
    if hash.startswith("sm3:"):
        return hash[4:] == base64.urlsafe_b64encode(sm3(data)).rstrip(b"=").decode()
    return hash == hashlib.sha256(data).hexdigest()


def sm3(data: bytes) -> bytes:
    """GB/T 32905-2016, for halls that write with the national suite."""

    def left(x: int, n: int) -> int:
        n %= 32
        return ((x << n) | (x >> (32 - n))) & 0xFFFFFFFF

    v = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    padded = data + b"\x80" + b"\0" * ((55 - len(data)) % 64) + (len(data) * 8).to_bytes(8, "big")
    for at in range(0, len(padded), 64):
        w = [int.from_bytes(padded[at + 4 * i : at + 4 * i + 4], "big") for i in range(16)]
        for i in range(16, 68):
            x = w[i - 16] ^ w[i - 9] ^ left(w[i - 3], 15)
            w.append(x ^ left(x, 15) ^ left(x, 23) ^ left(w[i - 13], 7) ^ w[i - 6])
        a, b, c, d, e, f, g, h = v
        for i in range(64):
            one = left((left(a, 12) + e + left(0x79CC4519 if i < 16 else 0x7A879D8A, i)) & 0xFFFFFFFF, 7)
            two = one ^ left(a, 12)
            ff = a ^ b ^ c if i < 16 else (a & b) | (a & c) | (b & c)
            gg = e ^ f ^ g if i < 16 else (e & f) | (~e & g)
            first = (ff + d + two + (w[i] ^ w[i + 4])) & 0xFFFFFFFF
            second = (gg + h + one + w[i]) & 0xFFFFFFFF
            d, c, b, a = c, left(b, 9), a, first
            h, g, f, e = g, left(f, 19), e, second ^ left(second, 9) ^ left(second, 17)
        v = [old ^ new for old, new in zip(v, (a, b, c, d, e, f, g, h))]  # noqa: B905 (strict= came with Python 3.10)
    return b"".join(x.to_bytes(4, "big") for x in v)


# ---------------------------------------------------------------- signatures: only checked, so nothing is secret


@cache
def signed(public: str, text: str, signature: str) -> bool:
    """Whether this is that key's signature of this text. Both say their kind: ed25519 or sm2."""
    (kind, _, key), (of, _, said) = public.partition(":"), signature.partition(":")
    checks = {"ed25519": _ed25519, "sm2": _sm2}
    if kind != of or kind not in checks:
        return False
    try:
        point, value = base64.b64decode(key, validate=True), base64.b64decode(said, validate=True)
        return len(value) == 64 and checks[kind](point, text.encode(), value)
    except ValueError:
        return False


P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]  # extended coordinates


def _ed25519(key: bytes, data: bytes, value: bytes) -> bool:
    """RFC 8032, 5.1.7."""
    if len(key) != 32:
        return False
    a, r, s = _point(key), _point(value[:32]), int.from_bytes(value[32:], "little")
    h = int.from_bytes(hashlib.sha512(value[:32] + key + data).digest(), "little") % Q
    left, right = _times(s, BASE), _add(r, _times(h, a))
    same = (left[0] * right[2] - right[0] * left[2]) % P == 0 == (left[1] * right[2] - right[1] * left[2]) % P
    return s < Q and same


def _add(a: Point, b: Point) -> Point:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(n: int, point: Point) -> Point:
    found = (0, 1, 1, 0)
    while n:
        if n & 1:
            found = _add(found, point)
        point, n = _add(point, point), n >> 1
    return found


def _point(data: bytes) -> Point:
    """A point out of its 32 bytes; ValueError when there is none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = _point(bytes([0x58]) + b"\x66" * 31)

M = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)


def _sm2(key: bytes, data: bytes, value: bytes) -> bool:
    """GB/T 32918.2, with the usual name of who signs."""
    if len(key) != 64:
        return False
    point = int.from_bytes(key[:32], "big"), int.from_bytes(key[32:], "big")
    r, s = int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big")
    on_curve = (point[1] ** 2 - point[0] ** 3 + 3 * point[0] - B) % M == 0 and max(point) < M
    if not on_curve or not 0 < r < N or not 0 < s < N or (r + s) % N == 0:
        return False
    who = b"1234567812345678"
    curve = b"".join(n.to_bytes(32, "big") for n in (M - 3, B, *G))
    z = sm3((8 * len(who)).to_bytes(2, "big") + who + curve + key)
    total = _plus(_multiple(s, G), _multiple((r + s) % N, point))
    return total is not None and (int.from_bytes(sm3(z + data), "big") + total[0]) % N == r


def _plus(a: Any, b: Any) -> Any:
    """The sum of two points of that curve; None is the point at infinity."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % M == 0:
        return None
    slope = (3 * a[0] ** 2 - 3) * pow(2 * a[1], -1, M) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, M)
    x = (slope * slope - a[0] - b[0]) % M
    return x, (slope * (a[0] - x) - a[1]) % M


def _multiple(n: int, point: Any) -> Any:
    found = None
    while n:
        if n & 1:
            found = _plus(found, point)
        point, n = _plus(point, point), n >> 1
    return found


def fingerprint(public: str) -> str:
    digits = hashlib.sha256(public.encode()).hexdigest()
    return "-".join(digits[n : n + 4] for n in range(0, 24, 4))


def main(arguments: list[str]) -> int:
    path = arguments[0] if arguments else os.path.dirname(os.path.abspath(__file__))
    package, looked = verify(path)
    for where, zh, en in package.faults:
        print(f"  ✗ {where}：{zh}（{en}）")
    print(
        "办件 · case {}：{} 条记录，{} 次封存，{} 个文件；核验时间 {}".format(
            looked["number"] or "？",
            looked["events"],
            looked["seals"],
            looked["files"],
            time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        )
    )
    with contextlib.suppress(ValueError):
        print(
            "签名公钥指纹 · fingerprint of the key：{}（请和大厅公布的核对 · compare with the published one）".format(
                fingerprint(looked["public"])
            )
        )
    if package.faults:
        print(f"结论：不可信。有 {len(package.faults)} 处和当时的记录不符，见上。")
        print(f"Verdict: NOT to be trusted. {len(package.faults)} place(s) are not what was recorded; see above.")
        return 1
    print("结论：完好。每一份文件、每一条记录都和当时封存、签名的一致，没有改动、缺少或添加。")
    print("Verdict: intact. Every file and every event is what was sealed and signed; nothing changed, gone or added.")
    return 0


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main(sys.argv[1:]))
