"""form-js schemas: (schema, raw input, rights) -> answers or Invalid(fields). Pure."""

from engine.forms import signing
from engine.forms.answers import EVERYTHING, Rights, changed, check, hidden, options_of, put
from engine.forms.display import Line, browser_schema, describe, words
from engine.forms.kinds import CHECKS
from engine.forms.schema import CONTAINERS, INPUTS, STATIC, Field, Form, Option, load
from engine.forms.templates import wanted
from engine.plain import dig

__all__ = [
    "CHECKS",
    "CONTAINERS",
    "EVERYTHING",
    "INPUTS",
    "STATIC",
    "Field",
    "Form",
    "Line",
    "Option",
    "Rights",
    "browser_schema",
    "changed",
    "check",
    "describe",
    "dig",
    "hidden",
    "load",
    "options_of",
    "put",
    "signing",
    "wanted",
    "words",
]
