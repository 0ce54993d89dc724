"""Signatures on papers: PAdES (ETSI EN 319 142-1) by pyHanko, and their check.

How long one proves itself is its level: B-B while its certificate is good; B-T, with a time stamp, after that has run
out; B-LT, with the answers of the authorities of that day in the file, also after it was called back or nobody can be
asked any more. An office's own certificate gives B-LT where a time-stamping authority is set (YIZHAN_TSA), B-B without.

A time stamp (RFC 3161) by an authority whose certificate lives longer says when a paper was signed: one signed while
its certificate was good stays good after that has run out.

A signature says that the file is whole and who issued it. It is the reliable signature of 电子签名法 第十三条 only with
a certificate of a licensed authority: an office sets its PKCS#12 file. Without one, a demonstration authority is made
at first start, and its papers say so.
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.errors import Refused

#: How long a demonstration certificate lives.
DEMO_DAYS = 3650

#: How long the certificate of the demonstration's time stamps lives: papers outlive the certificates that sign them.
STAMP_DAYS = 3 * DEMO_DAYS

#: The most a time stamp holds: its authority's certificate, a signature, the attributes.
STAMP_BYTES = 6144

#: The most a signature holds beside its certificates: 512 bytes of RSA 4096, and the attributes that are signed.
SIGNED_BYTES = 2048

#: The name of the signature field.
FIELD = "Seal"


@dataclass(frozen=True, slots=True)
class Identity:
    """A key with its certificates, as a PKCS#12 file holds them. Kept out of every log and repr."""

    pkcs12: bytes = field(repr=False)
    passphrase: bytes | None = field(default=None, repr=False)
    demo: bool = False
    stamps: bytes | None = field(default=None, repr=False)  # PKCS#12 of the authority of time stamps; same passphrase
    tsa: str = ""  # address of a time-stamping authority (RFC 3161); "": none
    trust: tuple[bytes, ...] = ()  # DER: roots of the certificate's and the stamp's authorities, beside the file's own

    @classmethod
    def open(cls, path: Path, passphrase: str | None = None, *, tsa: str = "", trust: Path | None = None) -> Identity:
        """The office's own certificate. Refused at start-up when the file or its passphrase is wrong. `tsa`: where time
        stamps are asked; `trust`: a PEM file of the roots of both authorities."""
        try:
            roots = _bundle(trust.read_bytes()) if trust is not None else ()
            identity = cls(path.read_bytes(), passphrase.encode() if passphrase else None, tsa=tsa, trust=roots)
            identity.certificates()
        except (OSError, ValueError) as error:
            raise Refused(
                f"打不开签名证书 {path.name}：文件不存在、格式不对或口令有误。请检查设置。",
                f"The signing certificate {path.name} cannot be opened ({error}); check the file and its passphrase.",
            ) from None
        return identity

    def certificates(self) -> tuple[bytes, ...]:
        """The certificates as DER, the signer's own first, its authorities after."""
        from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

        bundle = pkcs12.load_pkcs12(self.pkcs12, self.passphrase)
        if bundle.cert is None or bundle.key is None:
            raise ValueError("no key or no certificate in it")
        chain = [bundle.cert, *bundle.additional_certs]
        return tuple(one.certificate.public_bytes(Encoding.DER) for one in chain)

    def roots(self) -> tuple[bytes, ...]:
        """The self-signed certificates of the file as DER: what to trust when checking our own papers."""
        from cryptography import x509

        loaded = [x509.load_der_x509_certificate(one) for one in self.certificates()]
        own = tuple(der for der, one in zip(self.certificates(), loaded, strict=True) if one.issuer == one.subject)
        return (*own, *self.trust) or self.certificates()[:1]


def demo_identity(folder: Path, organ: str, *, now: datetime) -> Identity:
    """The demonstration identity under a folder; made when it is not there (0600, the folder 0700).

    Two processes that start together agree: the folder appears whole, by one rename.
    """
    home = folder / "demo"
    if not (home / "signer.p12").is_file():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = Path(tempfile.mkdtemp(prefix=".demo-", dir=folder))
        try:
            _make(part, organ, now)
            os.rename(part, home)
        except OSError:
            if not (home / "signer.p12").is_file():
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    stamps = home / "stamps.p12"  # not in a folder that an earlier program made
    return Identity(
        (home / "signer.p12").read_bytes(),
        (home / "passphrase").read_bytes(),
        demo=True,
        stamps=stamps.read_bytes() if stamps.is_file() else None,
    )


def _make(folder: Path, organ: str, now: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import pkcs12
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(common: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organ),
                x509.NameAttribute(NameOID.COMMON_NAME, common),
            ]
        )

    def build(subject: x509.Name, issuer: x509.Name, public: Any, days: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )

    def usage(signs: bool) -> x509.KeyUsage:
        return x509.KeyUsage(
            digital_signature=not signs,
            content_commitment=not signs,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=signs,
            crl_sign=signs,
            encipher_only=False,
            decipher_only=False,
        )

    authority, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    ca_name = name("一站 演示证书签发（不具法律效力）")
    ca = (
        build(ca_name, ca_name, authority.public_key(), DEMO_DAYS + 1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(True), critical=True)
        .sign(authority, hashes.SHA256())
    )
    certificate = (
        build(name(f"{organ}（演示）"), ca_name, key.public_key(), DEMO_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(False), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
        .sign(authority, hashes.SHA256())
    )
    stamping = rsa.generate_private_key(65537, 2048)
    stamp_name = name("一站 演示时间戳（不具法律效力）")
    stamp = (
        build(stamp_name, stamp_name, stamping.public_key(), STAMP_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(stamping, hashes.SHA256())
    )
    passphrase = secrets.token_urlsafe(24).encode()
    lock = serialization.BestAvailableEncryption(passphrase)
    files = {
        "passphrase": passphrase,
        "signer.p12": pkcs12.serialize_key_and_certificates(b"signer", key, certificate, [ca, stamp], lock),
        "stamps.p12": pkcs12.serialize_key_and_certificates(b"stamps", stamping, stamp, None, lock),
        "ca.pem": ca.public_bytes(serialization.Encoding.PEM),
    }
    for file, content in files.items():
        handle = os.open(folder / file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(content)


def signer(identity: Identity) -> Any:
    """The identity ready to sign with. Keep it: opening a key takes far longer than signing."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import pkcs12
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko.sign.timestamps import DummyTimeStamper

    key = pkcs12.load_pkcs12(identity.pkcs12, identity.passphrase).key

    class Opened(SimpleSigner):  # type: ignore[misc]
        """pyHanko opens the key again for every signature, and signs once more to learn how long it will be."""

        async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
            if digest_algorithm == "sha256" and isinstance(key, RSAPrivateKey):
                return bytes(key.key_size // 8) if dry_run else key.sign(data, PKCS1v15(), hashes.SHA256())
            if digest_algorithm == "sha256" and isinstance(key, EllipticCurvePrivateKey):
                # A DER signature: two integers of the curve's size, each with up to four bytes around it.
                return bytes(key.key_size // 4 + 10) if dry_run else key.sign(data, ECDSA(hashes.SHA256()))
            return bytes(self.sign_raw(data, digest_algorithm))

        @property
        def room(self) -> int:
            """Bytes to leave for a signature in the file: asking pyHanko means building one more to see its length."""
            chain = {one.dump() for one in (self.signing_cert, *self.cert_registry)}
            stamp = 3 * STAMP_BYTES if identity.tsa else STAMP_BYTES if identity.stamps else 0
            return 2 * (sum(len(one) for one in chain) + SIGNED_BYTES + stamp)

        def stamper(self, now: datetime) -> Any:
            """What stamps the time; None when there is no authority for it."""
            if tsa is not None:
                return tsa
            if stamps is None:
                return None
            return DummyTimeStamper(stamps.signing_cert, stamps.signing_key, stamps.cert_registry, fixed_dt=now)

    tsa = None
    if identity.tsa:
        from engine.records.papers.authorities import Stamper

        tsa = Stamper(identity.tsa)
    stamps = None
    if identity.stamps:
        stamps = SimpleSigner.load_pkcs12_data(identity.stamps, (), passphrase=identity.passphrase)
    plain = SimpleSigner.load_pkcs12_data(identity.pkcs12, (), passphrase=identity.passphrase)
    made = Opened(plain.signing_cert, plain.signing_key, plain.cert_registry)
    made.roots = identity.roots() if identity.tsa else ()
    return made


def sign(pdf: bytes, by: Identity | Any, *, now: datetime, reason: str = "", place: str = "") -> bytes:
    """The PDF with an invisible PAdES signature appended; `by` is an Identity or what `signer` gave.

    `now` (aware) is the time of signing: claimed, and stamped where the identity has an authority for that. With a
    time-stamping authority the answers of all authorities are fetched and put in (B-LT), and the paper is checked as
    anybody would check it; NoAnswer when one of them does not answer. Otherwise nothing is fetched.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

    class Dated(PdfSigner):  # type: ignore[misc]
        """pyHanko takes the time from the machine's clock; ours is given."""

        def init_signing_session(self, *args: Any, **kwargs: Any) -> Any:
            session = super().init_signing_session(*args, **kwargs)
            session.system_time = now
            return session

    by = signer(by) if isinstance(by, Identity) else by
    lasting: dict[str, Any] = {}
    if by.roots:
        from engine.records.papers import authorities

        roots = [_certificate(one) for one in by.roots]
        lasting = {"embed_validation_info": True, "validation_context": authorities.context(roots, at=now)}
    meta = PdfSignatureMetadata(
        field_name=FIELD,
        **lasting,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason=reason or None,
        location=place or None,
    )
    tool = Dated(meta, signer=by, timestamper=by.stamper(now))
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    if not by.roots:
        return bytes(tool.sign_pdf(writer, bytes_reserved=by.room).getbuffer())
    made = _lasting(tool, writer, by.room)
    verdict = validate(made, by.roots, now=now)
    if not (verdict.good and verdict.level == "B-LT"):  # what its reader would not believe does not leave the hall
        raise authorities.no_answer(f"{verdict.level} {verdict.en}")
    return made


def _lasting(tool: Any, writer: Any, room: int) -> bytes:
    """Signed with the authorities' answers in it. NoAnswer, or Refused when they say that a certificate is not good."""
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.timestamps import TimestampRequestError
    from pyhanko_certvalidator.errors import PathError, RevokedError

    from engine.records.papers import authorities

    try:
        return bytes(tool.sign_pdf(writer, bytes_reserved=room).getbuffer())
    except authorities.NoAnswer:
        raise
    except (SigningError, TimestampRequestError, PathError, ValueError) as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, authorities.NoAnswer):
                raise cause from None
            if isinstance(cause, RevokedError):
                raise Refused(
                    "签名证书已被吊销，不能再签文书。请换新证书（YIZHAN_SIGNER）。",
                    "The signing certificate was revoked and signs no more: get a new one (YIZHAN_SIGNER).",
                ) from None
            cause = cause.__cause__ or cause.__context__
        raise authorities.no_answer(str(error)) from None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of a PDF found."""

    signed: bool  # there is a signature that could be read
    intact: bool  # what was signed is unchanged and nothing was added after it
    trusted: bool  # the certificate leads to one of the roots and was valid
    signer: str  # common name of the certificate; "" when unsigned
    signed_at: datetime | None  # claimed time of signing, aware
    zh: str
    en: str
    level: str = ""  # B-B, B-T or B-LT: how long it proves itself; "" when unsigned
    stamped_at: datetime | None = None  # by the authority of time stamps

    @property
    def good(self) -> bool:
        return self.signed and self.intact and self.trusted


def validate(pdf: bytes, roots: Sequence[bytes], *, now: datetime) -> Verdict:
    """Check every signature of a PDF against the trusted roots (DER or PEM) at the moment `now`. Nothing is fetched."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    def on(moment: datetime, *, kept: Any = None) -> Any:
        """As certificates were at this moment; `kept`: by what their authorities said then, which is in the file."""
        manner: dict[str, Any] = {
            "trust_roots": [_certificate(root) for root in roots],
            "moment": moment,
            "allow_fetching": False,
            "revocation_mode": "soft-fail" if kept is None else "hard-fail",
            "retroactive_revinfo": kept is not None,
        }
        return ValidationContext(**manner) if kept is None else kept.as_validation_context(manner)

    def judged(one: Any) -> Any:
        """As it is now; or as it was when it was signed, where a trusted time stamp says when."""
        status = validate_pdf_signature(one, on(now), on(now))
        stamp = status.timestamp_validity
        if stamp is None or not (stamp.valid and stamp.intact and stamp.trusted):
            return status
        if kept is not None:  # what was said on the day it was signed counts, whatever was said since
            return validate_pdf_signature(one, on(stamp.timestamp, kept=kept), on(now))
        return status if status.trusted else validate_pdf_signature(one, on(stamp.timestamp), on(now))

    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        found, kept = reader.embedded_signatures, _kept(reader)
        if not found:
            return Verdict(False, False, False, "", None, "该文件没有电子签名。", "The file is not signed.")
        statuses = [(one, judged(one)) for one in found]
    except Exception as error:  # any malformed file: pyHanko raises many kinds, and all of them mean the same here
        return Verdict(
            False,
            False,
            False,
            "",
            None,
            "该文件已损坏或被改动，电子签名无法读取。",
            f"The file is damaged or was changed; its signature cannot be read ({type(error).__name__}).",
        )
    last, status = statuses[-1]
    # The authorities' answers are added behind the signature: that, and nothing else, may stand there.
    whole = last.evaluate_signature_coverage() == SignatureCoverageLevel.ENTIRE_FILE or (
        kept is not None and status.modification_level in (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES)
    )
    intact = whole and all(one.intact and one.valid for _, one in statuses)
    trusted = all(one.trusted for _, one in statuses)
    name = last.signer_cert.subject.native.get("common_name", "")
    at = last.self_reported_timestamp
    if not intact:
        zh, en = "文件在签名之后被改动过。", "The file was changed after it was signed."
    elif not trusted:
        zh, en = (
            "文件完整，但签名证书不在本系统信任之列。",
            "The file is whole, but its certificate is not one we trust.",
        )
    else:
        zh, en = f"文件完整，由 {name} 签发。", f"The file is whole and was issued by {name}."
    stamp = status.timestamp_validity
    level = "B-B" if stamp is None else "B-T" if kept is None else "B-LT"
    words = LEVELS[level]
    stamped = stamp.timestamp if stamp is not None else None
    return Verdict(True, intact, trusted, name, at, zh + words[0], f"{en} {words[1]}", level, stamped)


#: What a paper has, and how long it proves itself by it.
LEVELS = {
    "B-B": (
        "没有时间戳，签名证书到期以后单凭文件不能再证明签名当时有效。",
        "It has no time stamp: once the certificate has run out, the file alone does not prove it any more.",
    ),
    "B-T": (
        "有时间戳，签名证书到期以后仍可核验。",
        "It has a time stamp, and can be checked after the certificate has run out.",
    ),
    "B-LT": (
        "有时间戳和签名当时的证书状态，证书到期或者吊销以后仍可核验。",
        "It has a time stamp and what the authorities said that day: it can be checked after the certificate has run "
        "out or was called back.",
    ),
}


def level(pdf: bytes) -> str:
    """What a signed PDF has: B-B, B-T or B-LT; "" when it is not signed or cannot be read. Nothing is judged."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.generic_cms import extract_tst_data_iter

    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        found, kept = reader.embedded_signatures, _kept(reader)
        if not found:
            return ""
        stamped = next(extract_tst_data_iter(found[-1].signer_info, signed=False), None) is not None
    except Exception:  # any malformed file, as in `validate`
        return ""
    return "B-B" if not stamped else "B-T" if kept is None else "B-LT"


def _kept(reader: Any) -> Any:
    """The authorities' answers that a file holds; None when it holds none."""
    from pyhanko.sign.validation.dss import DocumentSecurityStore
    from pyhanko.sign.validation.errors import NoDSSFoundError

    try:
        found = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return None
    return found if found.crls or found.ocsps else None


def _bundle(data: bytes) -> tuple[bytes, ...]:
    """The certificates of a PEM file as DER. ValueError when there is none."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    return tuple(one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(data))


def _certificate(data: bytes) -> Any:
    from asn1crypto import pem, x509

    if pem.detect(data):
        _, _, data = pem.unarmor(data)
    return x509.Certificate.load(data)
