"""bonds: the hall's own words stay the hall's; a last day is read from an answer there is."""

from __future__ import annotations

from engine import feel
from engine.findings import meant
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.reading import Reading
from engine.matters.nouns.bonds import HALL, Bond


def check(reading: Reading) -> None:
    for name, one in reading.declared("bonds").items():
        assert isinstance(one.what, Bond)
        if name in HALL:
            zh = f"“{name}”（{HALL[name].title}）是大厅自带的关系，每个事项都能用，不用声明。请删去，或者换一个名称。"
            en = f"The hall has {name!r} already, for every matter. Remove it, or choose another name."
            reading.of_noun(one, "bond-name", zh, en)
        _until(reading, name, one.what)


def _until(reading: Reading, name: str, bond: Bond) -> None:
    if not bond.until:
        return
    one = reading.declared("bonds")[name]
    answers = {path for form in reading.forms.values() for path in paths_of(form.form)}
    for read in feel.compile(bond.until.removeprefix("=")).reads:
        path = ".".join((read.name, *read.path))
        if any(path == answer or path.startswith(f"{answer}.") or answer.startswith(f"{path}.") for answer in answers):
            continue
        zh, en = meant(path, answers, 40)
        reading.of_noun(
            one,
            "bond-until",
            f"until 读“{path}”，事项的表单里没有这项答案。{zh}",
            f"until reads {path!r}, which no form of the matter asks. {en}",
            "until",
        )
