from collections.abc import Callable

from babel import Locale
from babel.support import NullTranslations
from flask import Flask

class Babel:
    domain_instance: Domain
    def __init__(
        self,
        app: Flask | None = None,
        *,
        default_locale: str = ...,
        default_timezone: str = ...,
        locale_selector: Callable[[], str | None] | None = ...,
    ) -> None: ...

class Domain:
    def __init__(self, translation_directories: list[str] | None = None, domain: str = "messages") -> None: ...
    def get_translations(self) -> NullTranslations: ...

def get_locale() -> Locale | None: ...
def gettext(string: str, /, **variables: object) -> str: ...
