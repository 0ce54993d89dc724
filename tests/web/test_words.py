"""Every text the program asks gettext for, as babel itself reads it out of the sources, is in the one English file."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from engine.commands import booking as booking_commands
from engine.reads.labels import EVENTS
from engine.records import audit, jobs
from web import language
from web.pages import booking

WEB = Path(language.__file__).parent


def _english() -> dict[str, str]:
    with language.FILE.open("rb") as source:
        return {str(m.id): str(m.string) for m in read_po(source, locale="en") if m.id}


def extracted() -> set[str]:
    """Every text the sources ask gettext for, as Babel reads them."""
    method = [("frontend/**", "ignore"), ("static/**", "ignore"), ("**.py", "python"), ("templates/**.html", "jinja2")]
    found = extract_from_dir(WEB, method, keywords={"_": None, "gettext": None})
    return {str(text) for _file, _line, text, _comments, _context in found}


def test_no_text_of_a_page_is_without_its_english():
    known = _english()
    asked = extracted()
    assert len(asked) > 400, "the reader of the sources found too little to be right"
    assert sorted(text for text in asked if not known.get(text)) == []


def test_words_that_reach_the_page_through_a_table_have_their_english():
    known = _english()
    words = {*booking.KINDS.values(), *(zh for zh, *_rest in booking_commands.STATES.values())}
    assert sorted(text for text in words if not known.get(text)) == []


def test_the_english_fills_the_same_places_and_holds_no_chinese_but_names():
    for chinese, english in _english().items():
        assert set(re.findall(r"%\((\w+)\)s", english)) == set(re.findall(r"%\((\w+)\)s", chinese)), chinese
        left = set(re.findall("[\u4e00-\u9fff]+", english))
        assert left <= {"中文", "一站"}, f"{chinese} -> {english}"


def test_every_kind_of_event_has_words_and_never_shows_its_code():
    assert {kind.value for kind in audit.Kind} == set(EVENTS)
    known = _english()
    assert sorted(text for text in EVENTS.values() if not known.get(text)) == []


def test_every_kind_of_job_has_a_name_people_know():
    assert set(jobs.NAMES) == set(jobs.Kind)
