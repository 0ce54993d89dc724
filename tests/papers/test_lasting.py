"""Signatures that outlive their certificate (PAdES B-LT): a test authority of its own, and a clock that runs ahead."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import Refused
from engine.records.papers import signing
from engine.records.papers.authorities import NoAnswer
from tests import made
from tests.papers import authority
from tests.papers.authority import Authority

NOW = datetime(2026, 9, 18, 1, 42, tzinfo=UTC)
#: The certificate ran out long ago; that of the time stamps is still good.
LATER = NOW + timedelta(days=9 * 365)


@pytest.fixture(scope="module")
def served() -> Iterator[Authority]:
    with authority.serving(NOW) as one:
        yield one


@pytest.fixture
def office(served: Authority, tmp_path: Path) -> Iterator[signing.Identity]:
    file, roots = served.keep(tmp_path)
    yield signing.Identity.open(file, authority.PASSWORD, tsa=f"{served.url}/tsa", trust=roots)
    for one in (served.revoked, served.broken, served.moved):
        one.clear()


def test_with_an_authority_a_paper_holds_the_stamp_and_the_answers_and_outlives_its_certificate(served, office) -> None:
    paper = signing.sign(made.pdf(), office, now=NOW)
    assert signing.level(paper) == "B-LT"
    served.broken |= {"/tsa", "/crl"}  # nobody is there any more
    for moment in (NOW, LATER):
        verdict = signing.validate(paper, office.roots(), now=moment)
        assert (verdict.good, verdict.level, verdict.stamped_at) == (True, "B-LT", NOW), verdict.en
    assert "吊销以后仍可核验" in verdict.zh


def test_a_certificate_called_back_later_takes_nothing_from_what_was_signed_before(served, office) -> None:
    paper = signing.sign(made.pdf(), office, now=NOW)
    served.revoked.add(served.office.serial_number)
    assert signing.validate(paper, office.roots(), now=LATER).good
    with pytest.raises(Refused, match="revoked"):
        signing.sign(made.pdf(), office, now=NOW)


def test_any_byte_that_is_changed_or_added_behind_the_answers_is_found(office) -> None:
    from io import BytesIO

    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    paper = signing.sign(made.pdf(), office, now=NOW)
    assert not signing.validate(paper.replace(b"q Q", b"q q"), office.roots(), now=NOW).good
    writer = IncrementalPdfFileWriter(BytesIO(paper))
    writer.root["/PageMode"] = writer.root["/Type"]
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    assert not signing.validate(out.getvalue(), office.roots(), now=NOW).intact


@pytest.mark.parametrize("path", ["/tsa", "/crl"])
@pytest.mark.parametrize("how", ["broken", "moved"])
def test_where_an_authority_gives_no_answer_nothing_is_signed(served, office, path, how) -> None:
    getattr(served, how).add(path)
    with pytest.raises(NoAnswer) as refused:
        signing.sign(made.pdf(), office, now=NOW)
    assert "还没有签" in refused.value.zh
    again = pickle.loads(pickle.dumps(refused.value))  # it comes out of a process of the press
    assert (type(again), again.zh) == (NoAnswer, refused.value.zh)
    assert f"{path}2" not in served.asked  # no redirect is followed


def test_of_an_authority_nobody_trusts_nothing_is_signed(served, office, tmp_path) -> None:
    with authority.serving(NOW) as other:
        (tmp_path / "other").mkdir()
        _, roots = other.keep(tmp_path / "other")
    foreign = signing.Identity.open(tmp_path / "office.p12", authority.PASSWORD, tsa=f"{served.url}/tsa", trust=roots)
    with pytest.raises(NoAnswer):
        signing.sign(made.pdf(), foreign, now=NOW)


def test_answers_may_come_by_ocsp(tmp_path) -> None:
    with authority.serving(NOW, by_ocsp=True) as served:
        file, roots = served.keep(tmp_path)
        office = signing.Identity.open(file, authority.PASSWORD, tsa=f"{served.url}/tsa", trust=roots)
        paper = signing.sign(made.pdf(), office, now=NOW)
        assert "/ocsp" in served.asked
    verdict = signing.validate(paper, office.roots(), now=LATER)
    assert (verdict.good, verdict.level) == (True, "B-LT"), verdict.en


def test_without_an_authority_a_paper_says_what_it_has_and_ends_with_its_certificate(served, tmp_path) -> None:
    file, roots = served.keep(tmp_path)
    office = signing.Identity.open(file, authority.PASSWORD, trust=roots)
    before = len(served.asked)
    paper = signing.sign(made.pdf(), office, now=NOW)
    assert len(served.asked) == before  # nothing is fetched
    verdict = signing.validate(paper, office.roots(), now=NOW)
    assert (verdict.good, verdict.level, verdict.stamped_at) == (True, "B-B", None)
    assert "没有时间戳" in verdict.zh
    assert not signing.validate(paper, office.roots(), now=LATER).good


def test_a_demonstration_has_a_stamp_and_no_answers(tmp_path) -> None:
    demo = signing.demo_identity(tmp_path, "德化县", now=NOW)
    assert signing.level(signing.sign(made.pdf(), demo, now=NOW)) == "B-T"
    assert signing.level(made.pdf()) == signing.level(b"no pdf") == ""


def test_a_file_of_roots_that_holds_none_stops_the_start(served, tmp_path) -> None:
    file, _ = served.keep(tmp_path)
    (tmp_path / "empty.pem").write_bytes(b"nothing")
    for trust in (tmp_path / "empty.pem", tmp_path / "absent.pem"):
        with pytest.raises(Refused):
            signing.Identity.open(file, authority.PASSWORD, tsa="http://127.0.0.1:9/tsa", trust=trust)
