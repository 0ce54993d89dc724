"""en.yaml: each line must translate something of the matter; what has no English is a hint."""

from __future__ import annotations

from dataclasses import replace

from engine.findings import Finding, nearest
from engine.forms import templates
from engine.matters import english, lines
from engine.matters.gate.reading import Reading


def check(reading: Reading) -> None:
    info = reading.info
    shared = f"bpmn/_shared/{english.FILE}"
    own = f"bpmn/{reading.name}/{english.FILE}"
    for file in (shared, own):
        if file in reading.files:
            reading.findings.extend(english.table_of(reading.files[file], file)[1])
    if info is None:
        return
    reading.findings.extend(english.check(reading.name, info, reading.files))
    if own not in reading.files:
        return
    text = lines.read(reading.files[own], own)
    if not isinstance(text.value, dict):
        return
    for key, value in text.value.items():
        if "{{" in str(key) and set(templates.parts(str(key))) != set(templates.parts(str(value))):
            zh = f"“{str(key)[:60]}”里的 {{{{…}}}} 和英文里的不一样。请写成一样。"
            en = f"The {{{{…}}}} of {str(key)[:60]!r} and of its English differ. Write the same in both."
            reading.findings.append(text.error("english", zh, en, key))
    for key, value in english.said(reading.name, reading.files).items():
        if key in text.value and text.value[key] != value:
            zh = f"“{key[:60]}”已经有英文“{value[:60]}”，这里写的不一样。一句话只写一种英文。"
            en = f"{key[:60]!r} has its English already, {value[:60]!r}: say it in one way."
            reading.findings.append(replace(text.error("english", zh, en, key), severity="hint"))
    seen = set(english.texts(info, reading.files))
    mine = {str(key).strip() for key in text.value}
    for key in text.value:
        if isinstance(key, str) and key.strip() not in seen:
            # (also what is told elsewhere: as misspelt, the line meant to say it otherwise says nothing)
            like = nearest(key.strip(), seen - mine)
            zh = f"是不是“{like}”？" if like else "原文改了的请一并改，不用的请删去。"
            en = f'Did you mean "{like}"?' if like else "Change it with the text, or remove it."
            reading.findings.append(
                Finding(
                    own,
                    key[:200],
                    "",
                    text.line(key),
                    "english-unused",
                    "error" if like else "hint",
                    f"事项里没有“{key[:60]}”这句话，这一行没有用。{zh}",
                    f"No text of the matter reads {key[:60]!r}: this line is of no use. {en}",
                )
            )
