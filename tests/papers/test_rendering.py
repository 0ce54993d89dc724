"""Papers are rendered from facts: whole, readable, the same every time, refused when something is missing."""

from __future__ import annotations

import copy
import io
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from engine.errors import Invalid
from engine.records import papers
from engine.records.papers import fonts
from tests.papers.facts import FACTS, MATERIALS
from tests.papers.made import CODE, complaints, flat, pdf, render, text

ADVERSE = ["refusal", "rejection"]


def written(body: str, folder: Path, facts: dict[str, Any] | None = None, head: str = "", **options: Any) -> str:
    """The text of a paper written for the test."""
    paper = f"---\nkind: trial\ntitle: 试纸\ntitle_en: Trial\nuses: [common]\n{head}---\n{body}"
    return text(papers.render(paper, facts or FACTS["receipt"], **options).pdf, folder)


def test_every_kind_has_demonstration_facts() -> None:
    assert sorted(kind.key for kind in papers.catalogue()) == sorted(FACTS)


@pytest.mark.parametrize("key", sorted(FACTS))
def test_every_kind_reads_back_in_chinese(key: str, tmp_path: Path) -> None:
    kind = papers.library().kind(key)
    read = text(pdf(key), tmp_path)
    assert complaints[key] == []
    assert read.count("\f") <= 2  # pages
    read = flat(read)
    facts = FACTS[key]
    assert flat(kind.title) in read
    own = facts.get("slip", {}).get("number")  # a paper without a case has a number of its own
    assert (own or facts["case"]["number"]) in read
    assert facts["organ"]["name"] in read
    assert CODE in read
    if kind.series:
        assert facts["paper"]["number"] in read
    assert "演示样张" in read


# ------------------------------------------------------------------ the same every time


def test_the_same_facts_give_the_same_bytes() -> None:
    first, again = render("acceptance"), render("acceptance")
    assert first.pdf == again.pdf
    assert first.sha256 == again.sha256
    changed = copy.deepcopy(FACTS["acceptance"])
    changed["applicant"]["name"] = "陈玉莲"
    assert render("acceptance", changed).sha256 != first.sha256


def test_an_archive_copy_is_pdf_a_and_the_same_every_time() -> None:
    first = render("closing", archive=True)
    assert first.pdf == render("closing", archive=True).pdf
    root = PdfFileReader(io.BytesIO(first.pdf)).root
    assert "/OutputIntents" in root
    assert b'pdfaid:part="2"' in root["/Metadata"].data and b'pdfaid:conformance="B"' in root["/Metadata"].data


def test_a_screen_reader_finds_title_tables_and_pictures() -> None:
    listing = subprocess.run(
        ["pdfinfo", "-struct-text", "-"], input=pdf("receipt"), capture_output=True, timeout=60
    ).stdout.decode()
    assert "H1" in listing and "Table" in listing and "Figure" in listing and "收件凭证" in listing


def test_the_facts_given_stay_as_they_are() -> None:
    before = copy.deepcopy(FACTS["receipt"])
    render("receipt")
    assert FACTS["receipt"] == before


# ------------------------------------------------------------------ what is missing


def test_a_missing_fact_is_refused_by_name() -> None:
    facts = copy.deepcopy(FACTS["acceptance"])
    del facts["deadline"]["from_on"]
    facts["materials"][1]["name"] = ""
    with pytest.raises(Invalid) as refused:
        render("acceptance", facts)
    assert set(refused.value.by_field()) == {"deadline.from_on", "materials[1].name"}
    assert "起算日期" in refused.value.zh and "受理通知书" in refused.value.zh


def test_a_date_that_is_none_is_refused_by_name() -> None:
    facts = copy.deepcopy(FACTS["acceptance"])
    facts["accepted_on"] = "18/09/2026"
    with pytest.raises(papers.MissingFacts) as refused:
        render("acceptance", facts)
    assert "应为日期" in refused.value.by_field()["accepted_on"].zh


def test_a_time_needs_its_offset() -> None:
    facts = copy.deepcopy(FACTS["receipt"])
    facts["received_at"] = "2026-09-18T09:42:00"
    with pytest.raises(papers.MissingFacts) as refused:
        render("receipt", facts)
    assert list(refused.value.by_field()) == ["received_at"]


def test_a_fact_the_template_reads_but_does_not_declare_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(papers.MissingFacts) as refused:
        written("<p>{{ case.colour }}</p>", tmp_path)
    assert list(refused.value.by_field()) == ["colour"]


@pytest.mark.parametrize("key", ADVERSE)
@pytest.mark.parametrize("absent", ["reason", "remedies", "grounds"])
def test_a_refusal_does_not_render_without_reason_ground_and_remedies(key: str, absent: str) -> None:
    facts = {name: value for name, value in FACTS[key].items() if name != absent}
    with pytest.raises(papers.MissingFacts) as refused:
        render(key, facts)
    assert all(field.startswith(absent) for field in refused.value.by_field())


@pytest.mark.parametrize("key", ADVERSE)
def test_a_refusal_names_both_remedies_and_how_long_they_are_open(key: str, tmp_path: Path) -> None:
    read = flat(text(pdf(key), tmp_path))
    assert "60日内，依法向德化县人民政府申请行政复议" in read
    assert "6个月内，依法向德化县人民法院提起行政诉讼" in read
    assert flat(FACTS[key]["reason"]) in read


def test_a_matters_own_refusal_must_print_them_too(tmp_path: Path) -> None:
    with pytest.raises(papers.BadPaper) as refused:
        written("<p>{{ reason }}</p>", tmp_path, FACTS["refusal"], head="adverse: true\n")
    assert "行政复议机关" in refused.value.zh and "remedies_text" in refused.value.zh


def test_several_reasons_become_paragraphs(tmp_path: Path) -> None:
    facts = {name: value for name, value in FACTS["refusal"].items() if name != "reason"}
    facts["reasons"] = ["理由之一。", "理由之二。"]
    read = text(render("refusal", facts).pdf, tmp_path)
    assert "理由之一。" in read and "理由之二。" in read


# ------------------------------------------------------------------ who may see what


def test_numbers_are_masked_for_the_parties_and_names_too_in_public(tmp_path: Path) -> None:
    number = FACTS["receipt"]["applicant"]["id_number"]
    party = text(pdf("receipt"), tmp_path)
    assert number not in party and "350526**********23" in party and "陈玉兰" in party
    public = text(render("receipt", copy="public").pdf, tmp_path)
    assert "陈玉兰" not in public and "**兰" in public and "138****0000" in public
    assert number in text(render("receipt", copy="file").pdf, tmp_path)


def test_what_people_typed_is_never_markup(tmp_path: Path) -> None:
    facts = copy.deepcopy(FACTS["receipt"])
    facts["next_step"] = '<img src="file:///etc/passwd">{{ organ }}'
    assert flat('<imgsrc="file:///etc/passwd">{{organ}}') in flat(text(render("receipt", facts).pdf, tmp_path))


@pytest.mark.parametrize(
    "url", ["https://example.com/a.png", "file:///etc/passwd", "data:text/html,x", "asset:other", "font:../stamp"]
)
def test_a_paper_reads_nothing_but_its_own_pictures(url: str, tmp_path: Path) -> None:
    with pytest.raises(papers.ForbiddenResource) as refused:
        written(f'<p>x<img src="{url}"></p>', tmp_path)
    assert refused.value.facts["url"] == url


@pytest.mark.parametrize("expression", ["''.__class__.__mro__", "case.__class__", "range.__globals__"])
def test_a_template_cannot_leave_its_sandbox(expression: str, tmp_path: Path) -> None:
    with pytest.raises((papers.BadPaper, papers.MissingFacts)):
        written("{{ " + expression + " }}", tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("{% for a in range(99999999) %}x{% endfor %}", id="a long range"),
        pytest.param("{% for a in range(900) %}{% for b in range(900) %}x{% endfor %}{% endfor %}", id="two ranges"),
        pytest.param("{{ 'x' * 999999999 }}", id="a word times much"),
        pytest.param("{{ [1] * 999999999 }}", id="a list times much"),
        pytest.param("{{ 9 ** 9 ** 9 }}", id="a power"),
        pytest.param("{{ '%999999999d' % 1 }}", id="a wide number"),
        pytest.param("{{ '{:999999999}'.format(1) }}", id="a wide format"),
        pytest.param("{{ 'x'.ljust(999999999) }}", id="a wide line"),
        pytest.param("{{ 'x'|center(999999999) }}", id="a wide filter"),
        pytest.param("{{ ''|replace('', 'x' * 9) }}", id="a replacement"),
    ],
)
def test_a_template_makes_no_million_of_one(body: str, tmp_path: Path) -> None:
    with pytest.raises(papers.BadPaper):
        written(body, tmp_path)


def test_a_template_that_counts_a_little_is_set(tmp_path: Path) -> None:
    assert "xxx7" in flat(written("{% for a in range(3) %}x{% endfor %}{{ 3 * 2 + 1 }}", tmp_path))


@pytest.mark.parametrize(
    "body",
    [
        '<iframe src="asset:x"></iframe>',
        "<svg onload=x><image href='file:///etc/passwd'/></svg>",
        '<object data="asset:x"></object>',
        '<embed src="asset:x">',
        "<script>x</script>",
        '<link rel="stylesheet" href="file:///x.css">',
    ],
)
def test_a_paper_holds_no_frame_no_drawing_and_no_script_of_its_own(body: str, tmp_path: Path) -> None:
    with pytest.raises(papers.ForbiddenResource):
        written(f"<p>x</p>{body}", tmp_path)


def test_a_drawing_in_a_fact_is_not_loaded(tmp_path: Path) -> None:
    """An SVG may name other files and would be read by a parser of its own."""
    facts = {**FACTS["receipt"], "photo": "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>"}
    with pytest.raises(papers.ForbiddenResource):
        written('<p>x<img src="{{ photo }}"></p>', tmp_path, facts)


def test_what_a_person_typed_is_markup_by_no_filter(tmp_path: Path) -> None:
    with pytest.raises(papers.BadPaper, match="safe"):
        written("{{ next_step|safe }}", tmp_path)


def test_a_fact_called_items_is_a_fact(tmp_path: Path) -> None:
    facts = {**FACTS["receipt"], "list": {"items": ["甲", "乙"]}}
    assert "甲乙" in flat(written("{% for i in list.items %}{{ i }}{% endfor %}", tmp_path, facts))


def test_a_template_with_an_error_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(papers.BadPaper, match="line 2"):
        written("<p>\n{% if %}", tmp_path)


# ------------------------------------------------------------------ fonts


def test_fonts_are_embedded_and_subset(tmp_path: Path) -> None:
    assert fonts.ready(), "set-up cuts the fonts: python -m engine.records.papers.fonts"
    file = tmp_path / "paper.pdf"
    file.write_bytes(pdf("acceptance"))
    listing = subprocess.run(["pdffonts", str(file)], capture_output=True, check=True, timeout=60).stdout.decode()
    rows = listing.splitlines()[2:]
    assert rows
    for row in rows:
        assert "Yizhan" in row and "TrueType" in row
        embedded, subset, unicode = row.split()[-5:-2]
        assert (embedded, subset, unicode) == ("yes", "yes", "yes")


def test_a_paper_stays_small() -> None:
    assert len(pdf("receipt")) < 110_000


def test_a_rare_name_is_printed_with_the_fallback(tmp_path: Path) -> None:
    facts = copy.deepcopy(FACTS["receipt"])
    facts["applicant"]["name"] = "玥喆祎䶮㛃"
    assert "玥喆祎䶮㛃" in text(render("receipt", facts).pdf, tmp_path)


def test_a_character_no_font_has_is_refused_before_issue() -> None:
    facts = copy.deepcopy(FACTS["receipt"])
    facts["applicant"]["name"] = "陈\U0001f98b"
    with pytest.raises(papers.MissingGlyph) as refused:
        render("receipt", facts)
    assert refused.value.facts["characters"] == ["\U0001f98b"] and "U+1F98B" in refused.value.zh


def test_without_cut_fonts_the_systems_fonts_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "folder", lambda: tmp_path)
    made = render("receipt", place=tmp_path / "none")
    assert "收件凭证" in text(made.pdf, tmp_path)


# ------------------------------------------------------------------ pages


def test_a_long_table_breaks_between_rows_and_repeats_its_head(tmp_path: Path) -> None:
    facts = copy.deepcopy(FACTS["receipt"])
    facts["materials"] = [
        {**MATERIALS[0], "name": f"第{n}号材料，名称写得很长以便在表格里占两行以上的位置，甲乙丙丁戊己庚辛壬癸"}
        for n in range(1, 91)
    ]
    made = render("receipt", facts)
    assert made.pages >= 3
    pages = text(made.pdf, tmp_path).split("\f")[: made.pages]
    shown = [page for page in pages if "号材料" in page]
    assert len(shown) >= 3 and all("收取方式" in page for page in shown)
    for n in range(1, 91):
        on = [i for i, page in enumerate(shown) if f"第{n}号材料" in flat(page)]
        assert len(on) == 1
    ends = [flat(page) for page in shown]
    assert sum(page.count("壬癸") for page in ends) == 90  # a row's end is on the page of its beginning
    for page in ends:
        assert page.count("号材料，") == page.count("壬癸")


def test_a_letter_has_22_lines_of_28_characters(tmp_path: Path) -> None:
    from engine.records.papers import pages

    shared = papers.library()
    html = (
        '<html lang="zh-CN"><body class="letter"><div class="text">'
        + "<p>"
        + "国" * 28 * 25
        + "</p></div></body></html>"
    )
    # Without the indent of a paragraph: 28 characters a line, 22 lines a page.
    made = pages.press(pages.Composed(html.replace("<p>", '<p style="text-indent:0">'), {}), shared, fonts.folder())
    first = text(made.pdf, tmp_path).split("\f")[0].split()
    lines = [line for line in first if "国" in line]
    assert len(lines) == 22 and {len(line) for line in lines} == {28}


def test_the_account_of_the_deadline_is_printed_day_by_day(tmp_path: Path) -> None:
    read = flat(text(pdf("acceptance"), tmp_path))
    for words in ("9月18日不计", "9月20日第1日", "调休上班", "9月24日第5日", "10月9日第10日", "国庆节"):
        assert words in read


def test_originals_and_copies_are_counted_apart(tmp_path: Path) -> None:
    facts = copy.deepcopy(FACTS["receipt"])
    facts["materials"] = [{"name": "结婚证", "originals": 2, "copies": 3}]
    row = next(
        line for line in text(render("receipt", facts).pdf, tmp_path, "-layout").splitlines() if "结婚证" in line
    )
    assert row.index("2份") < row.index("3份")


def test_an_office_may_bring_its_own_fangsong(tmp_path: Path) -> None:
    import shutil

    shutil.copy(fonts.folder() / "hei.ttf", tmp_path / "fangsong.ttf")
    assert [one.family for one in fonts.faces(tmp_path)][0] == "Yizhan Fang"
    file = tmp_path / "paper.pdf"
    file.write_bytes(render("refusal", place=tmp_path).pdf)
    listing = subprocess.run(["pdffonts", str(file)], capture_output=True, check=True, timeout=60).stdout.decode()
    assert "Yizhan-Fang" in listing


def test_a_signature_from_the_screen_is_drawn_with_its_evidence(tmp_path: Path) -> None:
    unsigned = copy.deepcopy(FACTS["mediation_agreement"])
    for person in (*unsigned["parties"], *unsigned["mediators"]):
        person["signature"] = None
    read = flat(text(pdf("mediation_agreement"), tmp_path))
    assert read.count("内容摘要8c1f0f0a6c2c5a7d") == 3 and "2026年9月5日21:02屏上手写" in read
    assert "屏上手写" not in text(render("mediation_agreement", unsigned).pdf, tmp_path)


def test_what_is_no_pen_stroke_is_not_drawn(tmp_path: Path) -> None:
    facts = copy.deepcopy(FACTS["mediation_agreement"])
    facts["parties"][0]["signature"] = {"path": 'M1 1"><img src="file:///etc/passwd">', "sha256": "00", "at": None}
    assert "苏志强" in text(render("mediation_agreement", facts).pdf, tmp_path)
