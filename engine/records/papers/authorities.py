"""What a signature asks of others so that it outlives its certificate: the time (RFC 3161), and whether certificates
are good today (CRL, RFC 5280; OCSP, RFC 6960). Both go into the file, and nobody need be asked again.

One way out, by HTTP or HTTPS: no redirect is followed, no answer is longer or later than it may be. What comes back is
signed by those who answer; what is asked is a hash and the numbers of certificates.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from asn1crypto import crl, ocsp, pem, tsp, x509
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import CRLFetchError, OCSPFetchError
from pyhanko_certvalidator.fetchers import CertificateFetcher, CRLFetcher, Fetchers, OCSPFetcher
from pyhanko_certvalidator.fetchers.common_utils import enumerate_delivery_point_urls, format_ocsp_request
from pyhanko_certvalidator.util import get_ocsp_urls, get_relevant_crl_dps

from engine.errors import NotNow
from engine.records import http_calls

#: How long one of them may take, and how long an answer may be: lists of a large authority have megabytes.
SECONDS, MOST_BYTES = 10.0, 10_000_000


class NoAnswer(NotNow):
    """Expected an authority to answer a signature's question, but it does not. The paper is tried again."""

    slug = "no-answer-of-an-authority"


class Stamper(TimeStamper):  # type: ignore[misc]
    """A time-stamping authority. Keep it: it asks once more to learn how long an answer is."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    async def async_request_tsa_response(self, req: Any) -> Any:
        answer = ask(self.url, req.dump(), "application/timestamp-query", "application/timestamp-reply")
        try:
            return tsp.TimeStampResp.load(answer)
        except ValueError:
            raise no_answer(self.url) from None


def ask(url: str, data: bytes | None, content_type: str, accepts: str) -> bytes:
    """The answer; NoAnswer when there is none that can be used."""
    if not url.startswith(("http://", "https://")):
        raise no_answer(url)
    request = urllib.request.Request(url, data=data, headers={"Accept": accepts, "User-Agent": "yizhan"})
    if data is not None:
        request.add_header("Content-Type", content_type)
    try:
        found = http_calls.call(request, total_s=SECONDS, most=MOST_BYTES)
    except (OSError, ValueError):
        raise no_answer(url) from None
    if not found.whole or not found.body:
        raise no_answer(url)
    return found.body


def no_answer(url: str) -> NoAnswer:
    return NoAnswer(
        f"签名要用的服务（{url[:200]}）没有正常应答，文书还没有签，稍后自动再试。",
        f"The authority at {url[:200]} gave no good answer: the paper is not signed yet and is tried again.",
    )


def context(roots: Sequence[Any], *, at: datetime, others: Iterable[Any] = ()) -> ValidationContext:
    """What judges certificates at this moment and asks their authorities whether they were called back. Hard: a
    certificate whose authority says where to ask, and cannot be asked, is not good."""
    fetchers = Fetchers(_Ocsp(), _Crls(), _NoCertificates())
    return ValidationContext(
        trust_roots=list(roots),
        other_certs=list(others),
        moment=at,
        allow_fetching=True,
        fetchers=fetchers,
        revocation_mode="hard-fail",
        retroactive_revinfo=True,  # a list that was made a moment after `at` tells of it all the same
    )


class _Crls(CRLFetcher):
    def __init__(self) -> None:
        self._found: dict[bytes, list[Any]] = {}

    async def fetch(self, cert: Any, *, use_deltas: bool | None = None) -> list[Any]:
        urls = [
            url
            for one in get_relevant_crl_dps(cert, use_deltas=False)
            for url in enumerate_delivery_point_urls(one)
            if url.startswith(("http://", "https://"))
        ]
        found = []
        for url in urls:
            try:
                data = ask(url, None, "", "application/pkix-crl")
                found.append(crl.CertificateList.load(pem.unarmor(data)[2] if pem.detect(data) else data))
            except (NoAnswer, ValueError) as error:
                raise CRLFetchError(f"no list at {url}") from error
        self._found[cert.issuer_serial] = found
        return found

    def fetched_crls(self) -> list[Any]:
        return [one for several in self._found.values() for one in several]

    def fetched_crls_for_cert(self, cert: Any) -> list[Any]:
        return self._found[cert.issuer_serial]


class _Ocsp(OCSPFetcher):
    def __init__(self) -> None:
        self._found: dict[bytes, list[Any]] = {}

    async def fetch(self, cert: Any, authority: Any) -> Any:
        request = format_ocsp_request(cert, authority, certid_hash_algo="sha1", request_nonces=False)
        for url in get_ocsp_urls(cert):
            try:
                data = ask(url, request.dump(), "application/ocsp-request", "application/ocsp-response")
                answer = ocsp.OCSPResponse.load(data)
                if answer["response_status"].native == "successful":
                    self._found.setdefault(cert.issuer_serial, []).append(answer)
                    return answer
            except (NoAnswer, ValueError):
                continue
        raise OCSPFetchError("no OCSP answer")

    def fetched_responses(self) -> list[Any]:
        return [one for several in self._found.values() for one in several]

    def fetched_responses_for_cert(self, cert: Any) -> list[Any]:
        return self._found.get(cert.issuer_serial, [])


class _NoCertificates(CertificateFetcher):
    """The PKCS#12 file and the stamp bring theirs along."""

    async def fetch_cert_issuers(self, cert: Any) -> Any:
        for one in self.fetched_certs():
            yield one

    async def fetch_crl_issuers(self, certificate_list: Any) -> Any:
        for one in self.fetched_certs():
            yield one

    def fetched_certs(self) -> list[x509.Certificate]:
        return []
