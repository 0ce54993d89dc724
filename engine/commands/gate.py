"""The gate with all the program knows: `check` of engine.matters, given the tables that the run itself uses.

    check(package, county)          every finding about a matter; no database, nothing written
    house(content)                  what runs a matter, as the check is given it

Whoever decides about a matter calls this one: `yizhan check`, publishing, the studio, the tests. `prove` (the stories
through the real commands) begins with it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from pathlib import Path

from engine import matters
from engine.commands import wiring
from engine.commands.booking.book import MESSAGES
from engine.commands.effects import facts, notices
from engine.errors import NotFound, Refused
from engine.findings import Finding
from engine.matters import County, Files, House, english, lines, schema
from engine.matters import reference as matters_reference
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.loans import LOAN
from engine.matters.house import Asks
from engine.matters.nouns import Nouns
from engine.matters.nouns.matches import SAYS
from engine.matters.package import SHARED
from engine.records.papers import kinds
from engine.records.papers import lint as paper_lint

#: Words a diagram may write for a person of the case (engine.commands.candidates reads them).
USERS = ("applicant", "principal", "agent", "submitter", "initiator")
#: What a case has before its first step, beside the answers (engine.commands.cases.submit), and what a booking adds.
BEGINS = (
    "case.number",
    "case.matter",
    "case.channel",
    "case.received_at",
    "case.received_on",
    "case.place",
    "case.unit",
    "case.unit_name",
    "case.office_name",
    "case.office",
    "case.agent",
    "case.flags",
)
BOOKED = (
    "appointment.number",
    "appointment.code",
    "appointment.resource",
    "appointment.item",
    "appointment.item_name",
    "appointment.bring",
    "appointment.kind",
    "appointment.starts_at",
    "appointment.ends_at",
    "appointment.when",
    "appointment.channel",
    "appointment.duty_rostered",
    "appointment.duty",
    "appointment.calls",
    "appointment.credit",
)
#: What a loan adds that was lost or not brought back (engine.records.lending.facts).
LOANED = tuple(f"loan.{name}" for name in LOAN)
#: What a need adds that nobody took in time, or of which nobody arrived (engine.commands.matching): it and the supply
#: that took it; and what a story may say of their forms, and of who gave it.
WANTED = (
    *(f"{side}.{name}" for side in ("need", "supply") for name in (*SAYS, "name", "phone", "answers")),
    *("need.supply.who", "need.supply.answers"),
)
#: Messages the hall itself sends to a running case -> what they bring; what people say to it stands in the matter
#: (tells).
SENT = {
    **{name: (*BOOKED, "appointment_state") for name in MESSAGES.values()},
}
#: Of these, what the worker surely sends when its time has come: a wait for one of them ends.
TIMED = (MESSAGES["no_show"], MESSAGES["expired"])
#: Papers the hall issues itself for a matter that lists them -> what it adds to their facts.
OWN_PAPERS = {"receipt": ("answer.*",), "service_receipt": ()}
#: Effect -> the paper it issues by itself.
EFFECT_PAPERS = {"request-correction": "correction", "pause-clock": "suspension", "extend-clock": "extension"}


def check(package: Files, county: County | None = None, *, house: House | None = None) -> list[Finding]:
    """Every finding about one matter. An error forbids publishing. `house`: made anew without one; for many matters,
    make it once."""
    return matters.check(package, county, house or globals()["house"]())


def house(content: Path | None = None, *, matters_there: Iterable[str] | None = None) -> House:
    """What runs a matter. content: the folder with bpmn/ and forms/ whose shared papers count; the program's own
    without it. A broken shared paper is left out here: what lists it says so, and `shared` says why."""
    library, _ = paper_lint.shared(content / "forms" if content is not None else kinds.FORMS)
    there = matters_there if matters_there is not None else matters.names(content) if content is not None else None
    return House(
        effects=frozenset(wiring.EFFECTS),
        papers=library.kinds,
        read_paper=lambda data, file: paper_lint.read(data, file, library),
        facts=facts.GIVEN,
        own_papers=OWN_PAPERS,
        effect_papers=EFFECT_PAPERS,
        said=notices.SAID,
        notices=notices.OF_THE_HALL,
        effect_notices=notices.BY_EFFECT,
        begins=(*BEGINS, *BOOKED, *LOANED, *WANTED),
        messages=SENT,
        timed=TIMED,
        users=USERS,
        matters=None if there is None else frozenset(there),
        asks=_asks(content) if content is not None else None,
        tests=_tests(content) if content is not None and (content / "tests").is_dir() else None,
    )


def _tests(content: Path) -> Callable[[str], bool]:
    """Whether a file of tests beside the content has a test of this name: tests/…/test_x.py::test_y."""

    def there(name: str) -> bool:
        file, _, test = name.partition("::")
        path = content / file
        return path.is_file() and f"\ndef {test}(" in path.read_text(encoding="utf-8")

    return there


def _asks(content: Path) -> Asks:
    """What the application forms of this folder's matters ask, each read when it is first wanted."""

    @functools.cache
    def asks(name: str) -> frozenset[str] | None:
        try:
            package = matters.load(content, name)
            return frozenset(paths_of(package.form(package.info.apply.form)))
        except (Refused, OSError):
            return None

    return asks


def folder(content: Path, county: County | None = None) -> dict[str, list[Finding]]:
    """Every matter of a content folder -> what is wrong with it; a folder that is no matter, or cannot be read, too.
    One broken matter says nothing of another. What all of them share stands under "_shared"."""
    made = house(content)
    found = {"_shared": shared(content)}
    for path in sorted((content / "bpmn").iterdir()):
        if path.is_dir() and not path.name.startswith(("_", ".")):
            found[path.name] = of_folder(content, path.name, county, house=made)
    return found


def of_folder(content: Path, name: str, county: County | None = None, *, house: House | None = None) -> list[Finding]:
    """What is wrong with one matter of a content folder; that it cannot be read, too."""
    file = f"bpmn/{name}/matter.yaml"
    try:
        files = matters.read_files(content, name)
    except NotFound:
        zh = f"文件夹 bpmn/{name} 里没有 matter.yaml，不是事项。请补上，或移走文件夹。"
        en = f"The folder bpmn/{name} has no matter.yaml: it is no matter. Add it, or move the folder away."
        return [Finding(file, "", "", 0, "no-matter", "error", zh, en)]
    except OSError as error:
        zh, en = f"读不了：{error.strerror or error}。", f"Cannot be read: {error.strerror or error}."
        return [Finding(file, "", "", 0, "unreadable", "error", zh, en)]
    return check(matters.Source(name, files), county, house=house)


def shared(content: Path) -> list[Finding]:
    """What is wrong with the papers, facts and nouns that matters of a content folder share."""
    found = list(paper_lint.shared(content / "forms")[1])
    for path in sorted((content / "bpmn" / SHARED).glob("*.yaml")):
        if path.name != english.FILE:
            text = lines.read(path.read_bytes(), path.relative_to(content).as_posix())
            found += [*text.findings, *schema.check(Nouns, text, "matter")[1]]
    return found


def reference() -> str:
    """docs/reference.md: every key of a matter's files."""
    library, _ = paper_lint.shared(kinds.FORMS)
    return matters_reference.text(paper_lint.PaperHead, paper_lint.FactSet, house(), library.sets)
