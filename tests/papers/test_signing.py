"""Signed papers can be checked by anybody with the certificate, and a changed byte shows."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from engine.errors import Refused
from engine.records import papers
from engine.records.papers import signing
from tests import made
from tests.papers.facts import FACTS

NOW = datetime(2026, 9, 18, 1, 42, tzinfo=UTC)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> papers.Identity:
    return papers.demo_identity(tmp_path_factory.mktemp("keys"), "德化县行政服务中心", now=NOW)


@pytest.fixture(scope="module")
def signed(identity: papers.Identity) -> bytes:
    plain = papers.render(papers.library().kind("receipt"), FACTS["receipt"])
    return papers.sign(plain.pdf, identity, now=NOW)


def test_a_signed_paper_is_whole_trusted_and_names_its_signer(signed: bytes, identity: papers.Identity) -> None:
    verdict = papers.validate(signed, identity.roots(), now=NOW)
    assert verdict.good, verdict.zh
    assert verdict.signer == "德化县行政服务中心（演示）"
    assert verdict.signed_at == NOW
    assert b"ETSI.CAdES.detached" in signed


def test_any_changed_byte_is_found(signed: bytes, identity: papers.Identity) -> None:
    for place in (len(signed) // 10, len(signed) // 3, len(signed) // 2, signed.index(b"/Creator") + 12):
        changed = bytearray(signed)
        changed[place] ^= 1
        verdict = papers.validate(bytes(changed), identity.roots(), now=NOW)
        assert not verdict.good, place


def test_something_appended_after_signing_is_found(signed: bytes, identity: papers.Identity) -> None:
    from io import BytesIO

    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(BytesIO(signed))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    verdict = papers.validate(out.getvalue(), identity.roots(), now=NOW)
    assert verdict.signed and not verdict.intact


def test_a_certificate_of_somebody_else_is_not_trusted(signed: bytes, tmp_path: Path) -> None:
    other = papers.demo_identity(tmp_path, "别处", now=NOW)
    verdict = papers.validate(signed, other.roots(), now=NOW)
    assert verdict.intact and not verdict.trusted


def test_an_unsigned_paper_says_so(identity: papers.Identity) -> None:
    plain = papers.render(papers.library().kind("receipt"), FACTS["receipt"])
    verdict = papers.validate(plain.pdf, identity.roots(), now=NOW)
    assert not verdict.signed and "没有电子签名" in verdict.zh


def test_the_demonstration_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = papers.demo_identity(tmp_path, "德化县行政服务中心", now=NOW)
    assert papers.demo_identity(tmp_path, "德化县行政服务中心", now=NOW) == first
    for file in (tmp_path / "demo").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_a_wrong_passphrase_is_refused_at_once(tmp_path: Path) -> None:
    papers.demo_identity(tmp_path, "德化县行政服务中心", now=NOW)
    with pytest.raises(Refused, match="signer.p12"):
        papers.Identity.open(tmp_path / "demo" / "signer.p12", "wrong")


def test_a_time_stamp_by_an_authority_nobody_trusts_says_nothing(tmp_path):
    """Good while the certificate is; afterwards only a stamp that we trust can say that it was good then."""
    signer = signing.demo_identity(tmp_path / "ours", "德化县", now=NOW)
    stranger = signing.demo_identity(tmp_path / "theirs", "别处", now=NOW)
    foreign = replace(signer, stamps=_again(stranger.stamps, stranger.passphrase, signer.passphrase))
    later = NOW + timedelta(days=signing.DEMO_DAYS + 30)
    for identity, stays in ((signer, True), (replace(signer, stamps=None), False), (foreign, False)):
        paper = signing.sign(made.pdf(), identity, now=NOW)
        assert signing.validate(paper, signer.roots(), now=NOW).good
        assert signing.validate(paper, signer.roots(), now=later).good is stays


def test_what_was_signed_and_stamped_and_changed_since_is_not_whole(tmp_path):
    signer = signing.demo_identity(tmp_path, "德化县", now=NOW)
    paper = signing.sign(made.pdf(), signer, now=NOW)
    assert not signing.validate(paper.replace(b"q Q", b"q q"), signer.roots(), now=NOW).intact


def _again(bundle, passphrase, other):
    """The same key and certificate under another passphrase."""
    found = pkcs12.load_pkcs12(bundle, passphrase)
    lock = serialization.BestAvailableEncryption(other)
    return pkcs12.serialize_key_and_certificates(b"stamps", found.key, found.cert.certificate, None, lock)
