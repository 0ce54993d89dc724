"""What else than its drawing keeps a case from going on under another version of its matter: a fact that the new
version needs and the case does not hold, something declared that it has and the new version has no more.

Pure: packages and plain values in, plain sentences out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from engine.matters.package import Package
from engine.process import Moved

#: Kinds of nouns whose rows a case may hold open: what the new version must declare too (engine.matters.nouns).
HELD = ("registers", "offers", "handovers", "boards", "ballots", "matches", "queues")


def hindered(old: Package, new: Package, moved: Moved, answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Why the case cannot run there, in Chinese and English; empty: nothing hinders."""
    return [*_declared(old, new), *_facts(old, new, moved, answers)]


def _declared(old: Package, new: Package) -> Iterator[tuple[str, str]]:
    for role in old.info.parties:
        if role not in new.info.parties:
            yield (
                f"新版本里没有当事人“{role}”，本件的当事人接不上。",
                f"The new version has no party {role!r}; this case may have one.",
            )
    for kind in HELD:
        for name in old.declared(kind):
            if name not in new.declared(kind):
                yield (
                    f"新版本里没有“{name}”（{kind}），旧版本的件可能还有没办完的在那里。",
                    f"The new version declares no {name!r} ({kind}), and this case may have something open there.",
                )


def _facts(old: Package, new: Package, moved: Moved, answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names that are read ahead and nobody says; questions that the new application must answer, and that are used."""
    coming = {key.split(".")[0] for form in moved.forms if form in new.forms for key in new.forms[form].keys}
    lacks = moved.lacks - coming
    known = {one.key for form in old.forms.values() for one in form.fields}
    labels = {}
    for field in new.form(new.info.apply.form).fields:
        key, head = field.key, field.key.split(".")[0]
        labels[head] = field.label
        asked = bool(field.validation.get("required")) and key not in known
        if asked and head not in coming and _dig(answers, key) is None and _used(new, key):
            lacks |= {key}
    for name in sorted(lacks):
        label = labels.get(name.split(".")[0], name)
        yield (
            f"新版本后面要用“{label}”，本件申请时没有填，后面也没有人填。",
            f"The new version uses {label!r} ahead: it was not asked when this case was handed in, and nobody says it "
            "later.",
        )


def _dig(answers: Mapping[str, Any], key: str) -> Any:
    at: Any = answers
    for name in key.split("."):
        at = at.get(name) if isinstance(at, Mapping) else None
    return at


def _used(package: Package, key: str) -> bool:
    """Whether anything of it but the application itself speaks of that answer."""
    own = f"{package.info.apply.form}.form"
    word = re.compile(rb"(?<![\w.])" + re.escape(key.encode()) + rb"(?!\w)")
    return any(
        word.search(content)
        for path, content in package.files.items()
        if not path.endswith((own, "/stories.yaml", "/clauses.yaml", "/en.yaml"))
        and (path.endswith((".bpmn", ".dmn", ".html")) or path.endswith("/matter.yaml"))
    )


def form_kept(old: Package, new: Package, before: str | None, after: str | None, entered: Collection[str]) -> bool:
    """Whether what somebody has typed into a step's form is all asked by the form of the new version."""
    if not entered or before is None:
        return True
    if after is None or after not in new.forms:
        return False
    keys = {key.split(".")[0] for key in new.forms[after].keys}
    asked = {key.split(".")[0] for key in old.forms[before].keys} if before in old.forms else set()
    return all(name in keys for name in entered if name in asked)
