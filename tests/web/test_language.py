"""Chinese first, English second: nothing on a page is left without its English."""

import re

from babel.messages.pofile import read_po

from engine.commands.effects import chosen
from engine.deadlines import regimes
from engine.reads import by_place, taking_part
from engine.reads.labels import EVENTS
from tests.hall import Open
from tests.web.test_words import extracted
from web import formats, language, own_copy, problems, sentences
from web.pages import booking, bulk, limits, overview, resident, services, steps


def _asked() -> set[str]:
    """Every text the pages ask gettext for."""
    found = extracted()
    for table in (
        sentences.OUTCOMES,
        sentences.STATUS,
        sentences.ENDS,
        sentences.CHANNELS,
        sentences._CLOCKS,
        sentences._WHATS,
        sentences.RECEIVERS,
        formats.COLOUR_WORDS,
        overview._WHICH,
        overview._THREE,
        by_place.TYPES,
        overview._ORDERS,
        overview._ORDERS_RATES,
        overview._RATED,
        services.AUTHORITY,
        bulk.WORDS,
        resident._KINDS,
        booking.KINDS,
        EVENTS,
        taking_part.STATES,
        chosen.KINDS,
        own_copy.KINDS,
        own_copy.FIELDS,
        own_copy.ROW_STATES,
        own_copy.BY,
        own_copy.ASKS,
        own_copy.STATES,
    ):
        found |= set(table.values())
    found |= {words for _, words in sentences.LEVELS}
    found |= {text for verb in limits.VERBS.values() for text in verb} | set(limits.UNITS.values())
    found |= {cause for one in regimes() if one.pause for cause in one.pause.causes.values()}
    found |= {text for pair in [*steps._ASKED.values(), *problems._WORDS.values()] for text in pair}
    return {text for text in found if re.search("[\u3000-\u9fff]", text)}


def test_every_chinese_text_of_the_pages_has_its_english():
    with language.FILE.open("rb") as source:
        known = {m.id: m.string for m in read_po(source, locale="en") if m.id}
    missing = sorted(_asked() - {key for key, english in known.items() if english})
    assert missing == []


def test_no_text_stands_twice_in_the_table():
    asked = re.findall(r'^msgid "(.+)"$', language.FILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted({text for text in asked if asked.count(text) > 1}) == []


def test_both_languages_fill_the_same_places():
    with language.FILE.open("rb") as source:
        for message in read_po(source, locale="en"):
            if message.id:
                places = [sorted(re.findall(r"%\((\w+)\)s", text)) for text in (message.id, message.string)]
                assert places[0] == places[1], message.id


def test_an_english_page_speaks_english_and_leaves_the_hall_its_names(hall: Open):
    client = hall.client()
    client.post("/language", data={"to": "en", "next": "/"})
    text = re.sub(r"<[^>]+>", " ", client.get("/").text)
    assert "Apply" in text and "Call the hall" in text
    assert set(re.findall("[\u4e00-\u9fff]+", text)) <= {"一", "一站", "中文", "德化县政务服务大厅"}
