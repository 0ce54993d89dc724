"""The closed list of effects keeps its own rules."""

import re

from engine.process.language import effects


def test_every_effect_says_in_both_languages_what_it_does():
    for kind in effects.TYPES.values():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.type)
        for zh, en in ((kind.zh, kind.en), (kind.doc_zh, kind.doc_en), *((h.zh, h.en) for h in kind.headers)):
            assert re.search(r"[\u4e00-\u9fff]", zh) and en.isascii() or "…" in en, kind.type


def test_a_default_of_a_header_is_one_of_its_choices():
    for kind in effects.TYPES.values():
        for header in kind.headers:
            assert not header.choices or not header.default or header.default in dict(header.choices), (
                kind.type,
                header.key,
            )


def test_names_inside_one_effect_are_unique_and_only_an_awaited_effect_brings_results():
    for kind in effects.TYPES.values():
        assert len({h.key for h in kind.headers}) == len(kind.headers)
        assert len({a.name for a in kind.arguments}) == len(kind.arguments)
        assert kind.awaited or not (kind.results or kind.errors), kind.type
