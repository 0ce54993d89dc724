"""A small matter that passes the check and its stories, to be changed bit by bit: where `yizhan new` and the studio
begin."""

from __future__ import annotations

import json
from html import escape
from importlib import resources
from string import Template

#: Its files: where they go in the content folder.
FILES = {
    "matter.yaml": "bpmn",
    "process.bpmn": "bpmn",
    "stories.yaml": "bpmn",
    "en.yaml": "bpmn",
    "apply.form": "forms",
    "look.form": "forms",
}


def files(name: str, title: str, title_en: str) -> dict[str, bytes]:
    """The files of a matter of this name, by their paths: an applicant asks, a counter looks, either way they are
    told."""
    words = {"id": name, "code": name.upper().replace("_", "-")}
    out = {}
    for file, kind in FILES.items():
        text = resources.files("web").joinpath("skeleton", file).read_text("utf-8")
        if file.endswith(".bpmn"):
            said = {"title": escape(title, quote=True)}
        else:  # JSON is YAML: quotes and colons of a title stay what they are
            said = {"title": json.dumps(title, ensure_ascii=False), "title_en": json.dumps(title_en)}
        out[f"{kind}/{name}/{file}"] = Template(text).safe_substitute(words | said).encode()
    return out
