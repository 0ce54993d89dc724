"""bonds: the hall's own words stay the hall's; a last day is read from an answer there is."""

from __future__ import annotations

from engine import feel
from engine.findings import meant
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.reading import Reading
from engine.matters.nouns.bonds import HALL, MANDATE, Bond


def check(reading: Reading) -> None:
    for name, one in reading.declared("bonds").items():
        assert isinstance(one.what, Bond)
        if name in HALL:
            zh = f"“{name}”（{HALL[name].title}）是大厅自带的关系，每个事项都能用，不用声明。请删去，或者换一个名称。"
            en = f"The hall has {name!r} already, for every matter. Remove it, or choose another name."
            reading.of_noun(one, "bond-name", zh, en)
        _until(reading, name, one.what)
    _effects(reading)
    for n, told in enumerate(reading.told.bonds):
        known = (*reading.declared("bonds"), *HALL)
        if told.bond not in known:
            zh, en = meant(told.bond, known, 40)
            zh, en = f"没有关系“{told.bond}”。{zh}", f"There is no bond {told.bond!r}. {en}"
            reading.of_story_bonds("bond-unknown", zh, en, n, "bond")


def _effects(reading: Reading) -> None:
    """make-bond and end-bond name a kind that the matter has, or one of the hall's."""
    known = (*reading.declared("bonds"), *HALL)
    for file, _, _, node in reading.nodes("serviceTask"):
        if node.extension.task_type not in ("make-bond", "end-bond"):
            continue
        name = node.extension.header("bond") or ""
        if name not in known:
            zh, en = meant(name, known, 40)
            reading.say(
                file,
                node,
                "bond-unknown",
                f"关系“{name}”没有声明。{zh}",
                f"names the bond {name!r}, which is not declared. {en}",
            )
        elif node.extension.task_type == "make-bond" and name == MANDATE:
            # It is of one case, signed, until the day its paper names: `mandate:` says from which answers.
            reading.say(
                file,
                node,
                "bond-way",
                "代办委托不用 make-bond。请改用服务任务“接受委托”（take-mandate），并在 matter.yaml 的 mandate 里"
                "写明期限和签名在哪项答案。",
                "makes a mandate, which make-bond does not. Use take-mandate instead, and say in `mandate` of "
                "matter.yaml which answers hold its last day and its signature.",
            )
        elif node.extension.task_type == "make-bond" and "case" not in _kind(reading, name).ways:
            reading.say(
                file,
                node,
                "bond-way",
                f"“{name}”不能由办件建立（ways 里没有 case）。请在声明里加上，或者改用别的办法。",
                f"makes the bond {name!r}, which is not made by cases (`ways` has no case). Add it there, or do "
                f"without.",
            )


def _kind(reading: Reading, name: str) -> Bond:
    found = reading.declared("bonds").get(name)
    return found.what if found is not None and isinstance(found.what, Bond) else HALL[name]


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
