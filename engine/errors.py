"""What a command says when it will not do what was asked.

Every refusal carries a sentence in Chinese and one in English. The sentence says what was expected and what is so,
names the field or element, and says what to do. Commands refuse by raising; the edge (web, worker, command line)
turns a refusal into a page, a problem document (RFC 9457) or an exit code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Refused(Exception):
    """Expected the request to be one we can carry out, but it is not."""

    status = 400
    slug = "refused"

    def __init__(self, zh: str, en: str = "", **facts: object) -> None:
        super().__init__(en or zh)
        self.zh = zh
        self.en = en or zh
        #: Plain values for the page or problem document, such as who acted and when.
        self.facts = facts

    def __reduce__(self) -> tuple[Any, ...]:
        # A refusal crosses process borders (papers are made in processes of their own) whatever its __init__ takes.
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[Refused], args: tuple[object, ...], state: dict[str, Any]) -> Refused:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class NotFound(Refused):
    """Expected the thing named to exist (for this actor), but there is none."""

    status = 404
    slug = "not-found"


class NotYours(Refused):
    """Expected the actor to have the right, but they have not."""

    status = 403
    slug = "not-yours"


class NotNow(Refused):
    """Expected the thing to be in a state that allows this, but it is in another."""

    status = 409
    slug = "not-now"


class Outdated(NotNow):
    """Expected the program to have what the case's version of its matter asks for, but it has it no longer. Facts:
    element, needs."""

    slug = "version-outdated"


#: What to do when a case runs on a version that the program can no longer carry out.
MEND = (
    "这件事照它开始时的事项版本办。请报运维：由负责人把它迁到现在的版本；迁不了的，装回还有它的程序版本，"
    "或者终止本件，请申请人按现在的版本重新提交。",
    "The case runs on the version of its matter that it began with. Let a head move it to the version of "
    "today; else install a version of the program that still has it, or let a head end this case and the applicant "
    "hand it in anew.",
)


class AlreadyDone(NotNow):
    """Expected the version the person saw, but somebody acted first. Facts: who (masked name), what, when (aware
    UTC)."""

    slug = "already-done"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field of what was sent."""

    field: str  # the key in the form, a dotted path for nested values; "" for the whole
    label: str  # what the person sees the field called
    zh: str  # what is wrong and what to do
    en: str


class Invalid(Refused):
    """Expected input that fits the form, but some fields do not."""

    status = 422
    slug = "invalid"

    def __init__(self, fields: list[FieldError], zh: str = "", en: str = "", **facts: object) -> None:
        #: Whether the sentence only counts the faults: one alone is then better said itself.
        self.counts = not zh
        zh = zh or f"有 {len(fields)} 处需要改正。"
        en = en or f"{len(fields)} field(s) need correcting."
        super().__init__(zh, en, **facts)
        self.fields = list(fields)

    def by_field(self) -> Mapping[str, FieldError]:
        """The first error of each field."""
        first: dict[str, FieldError] = {}
        for error in self.fields:
            first.setdefault(error.field, error)
        return first
