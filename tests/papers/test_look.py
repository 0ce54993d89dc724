"""Pages look as they should: where the type stands, where the seal is, nothing in the margins. Measured on pdftoppm's
pixels."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from engine.records import papers
from engine.records.papers import filters as words_
from engine.records.papers import fonts, seals
from tests.papers.facts import FACTS, account, seal
from tests.papers.made import URL, pdf, render

DPI = 72


def pages(data: bytes, folder: Path, dpi: int = DPI) -> list[Image.Image]:
    file = folder / "look.pdf"
    file.write_bytes(data)
    subprocess.run(["pdftoppm", "-r", str(dpi), "-png", str(file), str(folder / "look")], check=True, timeout=60)
    return [Image.open(path).convert("RGB") for path in sorted(folder.glob("look-*.png"))]


def box_of(image: Image.Image, colour: str, dpi: int = DPI) -> tuple[float, float, float, float] | None:
    """Left, top, right, bottom in millimetres of all red, or all not white, pixels."""
    red, green, _ = image.split()
    if colour == "red":
        mask = ImageChops.subtract(red, green).point(lambda v: 255 if v > 90 else 0)
    else:
        mask = image.convert("L").point(lambda v: 255 if v < 200 else 0)
    box = mask.getbbox()
    return tuple(v * 25.4 / dpi for v in box) if box else None  # type: ignore[return-value]


def words(data: bytes, folder: Path) -> list[tuple[int, str, float, float, float, float]]:
    """(page from 0, word, left, top, right, bottom) in millimetres."""
    from lxml import etree

    file = folder / "words.pdf"
    file.write_bytes(data)
    done = subprocess.run(["pdftotext", "-bbox", str(file), "-"], capture_output=True, check=True, timeout=60)
    root = etree.HTML(done.stdout.decode())
    found = []
    for n, page in enumerate(root.iter("page")):
        for word in page.iter("word"):
            edges = [float(word.get(edge)) * 25.4 / 72 for edge in ("xmin", "ymin", "xmax", "ymax")]
            found.append((n, word.text or "", *edges))
    return found


@pytest.mark.parametrize("key", sorted(FACTS))
def test_nothing_stands_outside_the_page_margins(key: str, tmp_path: Path) -> None:
    for image in pages(pdf(key), tmp_path):
        assert abs(image.width * 25.4 / DPI - 210) < 0.5 and abs(image.height * 25.4 / DPI - 297) < 0.5
        left, top, right, bottom = box_of(image, "ink") or (0, 0, 0, 0)
        letter = "letter.html" in papers.library().kind(key).body
        assert left >= (27.5 if letter else 21.5)
        assert right <= (184.5 if letter else 192.5)
        assert top >= 6 and bottom <= 293


@pytest.mark.parametrize("key", ["acceptance", "refusal", "mediation_end", "receipt", "closing"])
def test_the_seal_stands_over_organ_and_date_a_little_above_their_middle(key: str, tmp_path: Path) -> None:
    kind, facts = papers.library().kind(key), FACTS[key]
    from engine.records.papers.filters import day

    signed = [w for w in words(pdf(key), tmp_path) if w[1] == day(facts["issued_on"])][-1]
    organ = [w for w in words(pdf(key), tmp_path) if w[1] == facts["organ"]["name"] and w[0] == signed[0]][-1]
    box = box_of(pages(pdf(key), tmp_path, 144)[signed[0]], "red", 144)
    assert box is not None
    millimetres = float((seal(kind, facts) or {})["millimetres"])
    assert abs(box[2] - box[0] - millimetres) < 0.6 and abs(box[3] - box[1] - millimetres) < 0.6
    middle, height = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    assert abs((signed[2] + signed[4]) / 2 - middle) < 1.2  # upright over the date
    assert abs((organ[2] + organ[4]) / 2 - middle) < 1.2
    block = (organ[3] + signed[5]) / 2
    assert 0 <= block - height < 4  # name and date a little below the seal's centre
    assert box[1] < organ[3] and box[3] > signed[5]  # and inside it


def test_the_date_ends_four_characters_from_the_right_under_a_seal(tmp_path: Path) -> None:
    signed = [w for w in words(pdf("refusal"), tmp_path) if w[1] == "2026年9月23日"][-1]
    character = 15.75 * 25.4 / 72
    assert abs((210 - 26 - signed[4]) / character - 4) < 0.35


def test_the_title_is_centred_and_the_head_of_the_text_at_37_mm(tmp_path: Path) -> None:
    found = words(pdf("refusal"), tmp_path)
    organ = next(w for w in found if w[1] == "德化县医疗保障局")
    assert 37 <= organ[3] <= 45 and abs((organ[2] + organ[4]) / 2 - (28 + 78)) < 1
    title = [w for w in found if w[0] == 0 and w[1] in "不予决定书" and organ[5] < w[5] < organ[5] + 14]
    assert "".join(w[1] for w in title) == "不予决定书"
    assert abs((title[0][2] + title[-1][4]) / 2 - (28 + 78)) < 1.5


def test_page_numbers_stand_right_on_odd_and_left_on_even_pages(tmp_path: Path) -> None:
    found = words(pdf("acceptance"), tmp_path)
    odd = next(w for w in found if w[0] == 0 and w[1] == "1" and w[3] > 262)
    even = next(w for w in found if w[0] == 1 and w[1] == "2" and w[3] > 262)
    assert odd[2] > 160 and even[4] < 50


def test_a_seal_never_stands_on_a_page_without_text(tmp_path: Path) -> None:
    long = {
        "acceptance": {"materials": FACTS["acceptance"]["materials"] * 3},
        "rejection": {"reason": FACTS["rejection"]["reason"] * 4},
        "correction": {"items": FACTS["correction"]["items"] * 6},
    }
    for key, more in long.items():
        found = words(render(key, FACTS[key] | more).pdf, tmp_path)
        last = max(w[0] for w in found)
        assert last == 1, key
        assert sum(1 for w in found if w[0] == last and w[3] < 150) > 3


def test_a_paper_with_little_to_say_keeps_its_seal_on_its_one_page(tmp_path: Path) -> None:
    few = {
        "acceptance": {
            "materials": [{"name": m["name"]} for m in FACTS["acceptance"]["materials"][:4]],
            "deadline": {**FACTS["acceptance"]["deadline"], "account": account(5)},
        },
        "rejection": {},
        "correction": {"items": FACTS["correction"]["items"][:1]},
        "proxy_acceptance": {},
        "closing": {},
    }
    for key, more in few.items():
        made = render(key, FACTS[key] | more)
        assert made.pages == 1, key
        assert box_of(pages(made.pdf, tmp_path)[0], "red") is not None


#: Lists that are no items: what the law is, and how the days were counted.
WHOLE = ("account", "grounds", "basis")


def of_one_item(facts: Any, name: str = "") -> Any:
    """The same facts with one item in every list."""
    if isinstance(facts, dict):
        return {key: of_one_item(value, key) for key, value in facts.items()}
    if isinstance(facts, list):
        return [of_one_item(item) for item in (facts if name in WHOLE else facts[:1])]
    return facts


#: Looked at daily; the others in the wide gate.
DAILY = {"acceptance", "correction", "proxy_acceptance", "order_reply"}


@pytest.mark.parametrize(
    "key",
    [kind.key if kind.key in DAILY else pytest.param(kind.key, marks=pytest.mark.wide) for kind in papers.catalogue()],
)
def test_every_paper_of_one_item_is_one_page_and_has_its_seal_on_it(key: str, tmp_path: Path) -> None:
    made = render(key, of_one_item(FACTS[key]))
    assert made.pages == 1
    sealed = box_of(pages(made.pdf, tmp_path)[0], "red")
    if papers.library().kind(key).seal == "none":
        return
    assert sealed is not None and sealed[3] - sealed[1] > 35, "a seal of 40 mm stands on the page whole"


def test_a_demonstration_says_so_and_a_real_paper_does_not(tmp_path: Path) -> None:
    kind, facts = papers.library().kind("receipt"), FACTS["receipt"]
    mark = {**(seal(kind, facts) or {}), "kind": "e-seal"}
    real = papers.render(kind, facts, seal=mark, sample=False).pdf
    shown = papers.render(kind, facts, seal=mark, sample=True).pdf
    assert "演示" not in " ".join(w[1] for w in words(real, tmp_path))
    assert any("演示样张" in w[1] for w in words(shown, tmp_path))
    place = fonts.folder()
    sample = seals.draw(seals.Seal("德化县医疗保障局", "sample", "业务专用章"), place).svg
    clean = seals.draw(seals.Seal("德化县医疗保障局", "e-seal", "业务专用章"), place).svg
    assert seals.GREY.encode() in sample and seals.GREY.encode() not in clean


def test_a_paper_without_a_seal_has_no_red(tmp_path: Path) -> None:
    assert box_of(pages(pdf("order"), tmp_path)[0], "red") is None


def test_seals_are_checked_against_the_rules() -> None:
    with pytest.raises(ValueError, match="30 to 45 mm"):
        seals.Seal.of({"organ": "德化县医疗保障局", "millimetres": 60})
    with pytest.raises(ValueError, match="seal kind"):
        seals.Seal.of({"organ": "德化县医疗保障局", "kind": "real"})
    assert seals.Seal.of({"organ": "德化县医疗保障局", "kind": "none"}) is None


def test_the_code_on_the_paper_can_be_scanned_back(tmp_path: Path) -> None:
    """The squares on the page are those of the code for the public address (no decoder is needed to compare them)."""
    import segno

    image = pages(pdf("receipt"), tmp_path, 300)[0].convert("L")
    # The verification code hangs at the right edge: 22 mm in a block of 31 mm, from 14 mm down.
    matrix = [list(row) for row in segno.make(URL, error="m", micro=False).matrix]
    size, quiet = len(matrix), 4
    module = 22 / (size + 2 * quiet)
    left, top = 210 - 18 - 31 / 2 - 11, 18 - 4
    for y in range(size):
        for x in range(size):
            px = (left + (x + quiet + 0.5) * module) * 300 / 25.4
            py = (top + (y + quiet + 0.5) * module) * 300 / 25.4
            assert (image.getpixel((int(px), int(py))) < 128) == bool(matrix[y][x]), (x, y)


def _many(count: int) -> dict[str, Any]:
    facts = copy.deepcopy(FACTS["receipt"])
    facts["materials"] = [{"name": f"证明材料{n}号", "copies": 1} for n in range(1, count + 1)]
    return facts


def _rows(found: list[tuple[int, str, float, float, float, float]]) -> dict[int, int]:
    """Page -> how many rows of the table of materials stand there."""
    rows: dict[int, int] = {}
    for page, word, *_ in found:
        if word.startswith("证明材料"):
            rows[page] = rows.get(page, 0) + 1
    return rows


@pytest.mark.parametrize("count", range(24, 34, 2))
def test_a_table_over_two_pages_repeats_its_head_and_leaves_two_rows_at_least_on_either(
    count: int, tmp_path: Path
) -> None:
    found = words(render("receipt", _many(count)).pdf, tmp_path)
    rows = _rows(found)
    assert sum(rows.values()) == count and min(rows.values()) >= 2
    heads = [page for page, word, *_ in found if word == "材料名称"]
    assert heads == sorted(rows)


def test_a_short_table_is_not_broken(tmp_path: Path) -> None:
    found = words(pdf("acceptance"), tmp_path)
    assert len({page for page, word, *_ in found if word in ("居民身份证", "居民户口簿", "授权委托书")}) == 1
    heading = next(page for page, word, *_ in found if word == "已收材料")
    assert heading == next(page for page, word, *_ in found if word == "居民户口簿")


def test_what_parties_sign_stands_on_the_page_they_sign(tmp_path: Path) -> None:
    """The effect of the agreement, every signature and the seal: nobody signs a page that says nothing."""
    found = words(pdf("mediation_agreement"), tmp_path)
    page_of = {word: page for page, word, *_ in found}
    assert page_of["六、效力"] == page_of["记录人签名："] == page_of["2026年9月5日"]
    assert all(page == page_of["六、效力"] for page, word, *_ in found if word.startswith("当事人签名"))


def test_a_very_long_name_stays_inside_its_cell(tmp_path: Path) -> None:
    facts = copy.deepcopy(FACTS["mediation_agreement"])
    facts["parties"][0]["name"] = "买买提·吐尔逊·阿卜杜热合曼·艾尔肯"
    found = words(render("mediation_agreement", facts).pdf, tmp_path)
    head = {word: (left, right) for page, word, left, _, right, _ in found if page == 0}
    parts = [w for w in found if w[0] == 0 and w[1] and w[1] in facts["parties"][0]["name"] and w[3] < 95]
    assert "".join(w[1] for w in parts) == facts["parties"][0]["name"]
    assert min(w[2] for w in parts) > head["当事人"][1] and max(w[4] for w in parts) < head["性别"][0]


def test_a_long_organ_is_headed_in_two_lines_broken_by_sense(tmp_path: Path) -> None:
    facts = copy.deepcopy(FACTS["refusal"])
    facts["organ"]["name"] = "德化县人力资源和社会保障局城乡居民社会养老保险管理中心"
    found = words(render("refusal", facts).pdf, tmp_path)
    first, second = (next(w for w in found if w[1] == line) for line in words_.balanced(facts["organ"]["name"], 20))
    assert second[3] > first[3]
    for line in (first, second):
        assert abs((line[2] + line[4]) / 2 - (28 + 78)) < 1
