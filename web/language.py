"""Simplified Chinese first, English second. The Chinese text is the key; translations/en.po holds the English."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, has_request_context, session
from flask_babel import Babel, Domain, get_locale

FILE = Path(__file__).parent / "translations" / "en.po"


@lru_cache(maxsize=1)
def _english() -> Translations:
    # Read from the text people edit: no compiled file to forget.
    with FILE.open("rb") as source:
        catalog = read_po(source, locale="en")
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled)


class Words(Domain):
    """Flask-Babel's gettext over our one file."""

    def get_translations(self) -> NullTranslations:
        return _english() if english() else NullTranslations()


def chosen() -> str:
    """zh_CN, or en when the person asked for it."""
    return "en" if has_request_context() and session.get("language") == "en" else "zh_CN"


def english() -> bool:
    """True on an English page."""
    locale = get_locale()
    return locale is not None and locale.language == "en"


def begin(app: Flask) -> None:
    babel = Babel(app, default_locale="zh_CN", default_timezone="Asia/Shanghai", locale_selector=chosen)
    babel.domain_instance = Words()
