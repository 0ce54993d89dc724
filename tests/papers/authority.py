"""A certification authority with a time stamp, a list of what it called back and OCSP, served in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pyhanko.keys import load_private_key_from_pemder_data
from pyhanko.sign.timestamps import DummyTimeStamper

PASSWORD = "office-2026"


@dataclass
class Authority:
    """Its keys and certificates, and how it behaves now."""

    now: datetime
    url: str = ""
    root: x509.Certificate = None
    key: rsa.RSAPrivateKey = None
    office: x509.Certificate = None
    office_key: rsa.RSAPrivateKey = None
    stamp: x509.Certificate = None
    stamp_key: rsa.RSAPrivateKey = None
    revoked: set[int] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)  # paths that answer 503
    moved: set[str] = field(default_factory=set)  # paths that answer with a redirect
    asked: list[str] = field(default_factory=list)

    def begin(self, office_days: int, *, by_ocsp: bool = False) -> None:
        """Its own certificate for thirty years, an office's for so many days, a stamp's for twenty."""
        self.key, self.office_key, self.stamp_key = (rsa.generate_private_key(65537, 2048) for _ in range(3))
        self.root = self._made("测试根证书", self.key, 30 * 365, root=True)
        self.office = self._made("德化县行政服务中心", self.office_key, office_days, by_ocsp=by_ocsp)
        self.stamp = self._made("测试时间戳", self.stamp_key, 20 * 365, stamps=True)

    def _made(
        self,
        name: str,
        key: rsa.RSAPrivateKey,
        days: int,
        *,
        root: bool = False,
        stamps: bool = False,
        by_ocsp: bool = False,
    ) -> x509.Certificate:
        def called(words: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])

        made = (
            x509.CertificateBuilder()
            .subject_name(called(name))
            .issuer_name(called("测试根证书"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=1))
            .not_valid_after(self.now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.KeyUsage(not root, not root, False, False, False, root, root, False, False), critical=True
            )
        )
        if stamps:
            made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        if not root:
            issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
            made = made.add_extension(issuer, critical=False)
            address = x509.UniformResourceIdentifier(f"{self.url}/{'ocsp' if by_ocsp else 'crl'}")
            if by_ocsp:
                access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, address)
                made = made.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
            else:
                point = x509.DistributionPoint([address], None, None, None)
                made = made.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        return made.sign(self.key, hashes.SHA256())

    def keep(self, folder: Path) -> tuple[Path, Path]:
        """The office's PKCS#12 file, and the roots to trust."""
        lock = serialization.BestAvailableEncryption(PASSWORD.encode())
        bundle = pkcs12.serialize_key_and_certificates(b"office", self.office_key, self.office, None, lock)
        (folder / "office.p12").write_bytes(bundle)
        (folder / "roots.pem").write_bytes(self.root.public_bytes(Encoding.PEM))
        return folder / "office.p12", folder / "roots.pem"

    # ------------------------------------------------------------ what it answers

    def stamped(self, request: bytes) -> bytes:
        pem = self.stamp_key.private_bytes(
            Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        own = asn1_x509.Certificate.load(self.stamp.public_bytes(Encoding.DER))
        maker = DummyTimeStamper(own, load_private_key_from_pemder_data(pem, None), fixed_dt=self.now)
        return maker.request_tsa_response(tsp.TimeStampReq.load(request)).dump()

    def listed(self) -> bytes:
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.subject)
            .last_update(self.now - timedelta(hours=1))
            .next_update(self.now + timedelta(days=7))
        )
        for serial in sorted(self.revoked):
            one = x509.RevokedCertificateBuilder().serial_number(serial)
            made = made.add_revoked_certificate(one.revocation_date(self.now - timedelta(hours=2)).build())
        return made.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def said_of(self, request: bytes) -> bytes:
        serial = ocsp.load_der_ocsp_request(request).serial_number
        gone = serial in self.revoked
        made = ocsp.OCSPResponseBuilder().add_response(
            cert=self.office,
            issuer=self.root,
            algorithm=hashes.SHA1(),
            cert_status=ocsp.OCSPCertStatus.REVOKED if gone else ocsp.OCSPCertStatus.GOOD,
            this_update=self.now - timedelta(minutes=5),
            next_update=self.now + timedelta(days=1),
            revocation_time=self.now - timedelta(hours=2) if gone else None,
            revocation_reason=None,
        )
        made = made.responder_id(ocsp.OCSPResponderEncoding.NAME, self.root)
        return made.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)


@contextmanager
def serving(now: datetime, *, office_days: int = 365, by_ocsp: bool = False) -> Iterator[Authority]:
    """An authority at work until the end of the block."""
    authority = Authority(now)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, asked: bytes) -> None:
            path = self.path
            authority.asked.append(path)
            if path in authority.broken:
                self.send_error(503)
                return
            if path in authority.moved:
                self.send_response(302)
                self.send_header("Location", f"{authority.url}{path}2")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            make = {"/tsa": authority.stamped, "/crl": lambda _: authority.listed(), "/ocsp": authority.said_of}
            data = make[path](asked)
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    authority.url = f"http://127.0.0.1:{server.server_address[1]}"
    authority.begin(office_days, by_ocsp=by_ocsp)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
