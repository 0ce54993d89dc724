"""An installation's own shared papers, sets of facts and letterhead stand in front of the program's, file by file."""

from __future__ import annotations

import pytest

from engine.errors import NotFound
from engine.records import documents, papers
from engine.records.papers import lint

HEAD = "---\nkind: {kind}\ntitle: {title}\ntitle_en: Own\nuses: [common]\n---\n<h1>{title}</h1>\n"


@pytest.fixture
def forms(tmp_path):
    shared = tmp_path / "forms" / "_shared"
    (shared / "papers").mkdir(parents=True)
    return tmp_path / "forms"


def write(forms, kind, title):
    (forms / "_shared" / "papers" / f"{kind}.html").write_text(HEAD.format(kind=kind, title=title))


def test_a_paper_of_the_installation_is_taken_before_the_programs_and_the_others_stay(forms):
    write(forms, "receipt", "本县收件单")
    write(forms, "loan", "借物单")
    found = papers.library(forms)
    assert (found.kind("receipt").title, found.kind("loan").title) == ("本县收件单", "借物单")
    assert found.kind("acceptance").title == papers.library().kind("acceptance").title


def test_the_letterhead_and_the_facts_of_the_installation_are_taken_first(forms):
    (forms / "_shared" / "letter.html").write_text("OWN LETTERHEAD {% block body %}{% endblock %}")
    (forms / "_shared" / "facts.yaml").write_text("herd:\n  facts: {herd.head: 头数}\n")
    paper = forms / "_shared" / "papers" / "herd.html"
    paper.write_text(
        "---\nkind: herd\ntitle: 养殖登记\ntitle_en: Herd\nuses: [common, herd]\n---\n"
        '{% extends "letter.html" %}{% block body %}{{ herd.head }}{% endblock %}'
    )
    found = papers.library(forms)
    assert found.kind("herd").required["herd.head"] == "头数"
    assert set(papers.library().sets) < set(found.sets) and "herd" not in papers.library().sets
    assert found.fragments["letter.html"].startswith("OWN LETTERHEAD")
    assert found.fragments["macros.html"] == papers.library().fragments["macros.html"]


def test_a_block_reads_other_papers_and_afterwards_all_is_as_before(forms):
    write(forms, "receipt", "本县收件单")
    before = papers.library().kind("receipt").title
    with papers.using(forms):
        assert papers.library().kind("receipt").title == "本县收件单"
        assert documents.kind_of(None, "receipt")[1].title == "本县收件单"
    assert papers.library().kind("receipt").title == before
    assert documents.kind_of(None, "receipt")[1].title == before


def test_what_is_written_while_the_program_runs_is_read(forms):
    write(forms, "receipt", "一")
    first = papers.library(forms)
    assert papers.library(forms) is first
    write(forms, "loan", "借物单")
    assert papers.library(forms).kind("loan").title == "借物单"
    (forms / "_shared" / "papers" / "loan.html").unlink()
    with pytest.raises(NotFound):
        papers.library(forms).kind("loan")


@pytest.mark.parametrize(
    "text", [b"no head", b"---\n[\n---\n", b"\xff\xfe", HEAD.format(kind="other", title="x").encode()]
)
def test_a_shared_paper_with_a_fault_is_named_when_it_is_wanted_and_stops_no_other(forms, text):
    (forms / "_shared" / "papers" / "receipt.html").write_bytes(text)
    found = papers.library(forms)
    with pytest.raises(papers.BadPaper, match=r"receipt\.html"):
        found.kind("receipt")
    assert found.kind("acceptance").title and "receipt" in found.broken


def test_sets_of_facts_with_a_fault_leave_the_programs_own(forms):
    (forms / "_shared" / "facts.yaml").write_text("common: [")
    found = papers.library(forms)
    assert found.sets == papers.library().sets and "facts.yaml" in found.broken


def test_the_check_of_an_installation_knows_the_programs_papers_facts_and_letterhead_too(forms):
    write(forms, "loan", "借物单")
    library, findings = lint.shared(forms)
    assert findings == []
    own = papers.library()
    assert set(library.kinds) == {*own.kinds, "loan"} and set(library.sets) == set(own.sets)
    (forms / "_shared" / "facts.yaml").write_text("herd:\n  facts: {herd.head: 头数}\n")
    assert set(lint.shared(forms)[0].sets) == {*own.sets, "herd"}
