"""Who does it: posts, units, candidate groups and the people a diagram names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from engine.findings import Finding, meant, nearest
from engine.matters import organs
from engine.matters.county import FROM_CASE
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.reading import Reading
from engine.matters.nouns.handovers import Handover
from engine.process.language import model as m

#: A grid, as stories call one: the code of its village and its number.
_GRID = r"\d{12}-W\d+"
#: Units that a matter may name without a list of the county; with one, its codes too.
_OFFICES = ("village", "town", "county", "intake")


def check(reading: Reading) -> None:
    if reading.info is not None:
        _groups(reading)
        _unit(reading, reading.info.office, "office")
        for n, step in enumerate(reading.info.escalation or ()):
            if step.get("do") == "reassign":
                known_post(
                    reading,
                    str(step.get("to", "")).rpartition("@")[0] or str(step.get("to", "")),
                    "escalation",
                    n,
                    "to",
                )
        _organs(reading)
    for n, person in enumerate(reading.told.people):
        _story_person(reading, "post", person.post, reading.county.post_codes if reading.county else None, "people", n)
        if not re.fullmatch(_GRID, person.at):  # the county of a story has the grids that the stories name
            _story_person(reading, "at", person.at, reading.county.words if reading.county else None, "people", n)
    for n, room in enumerate(reading.told.rooms):
        _story_person(reading, "at", room.at, reading.county.words if reading.county else None, "rooms", n)
        rooms = {name for name, one in reading.declared("offers").items() if getattr(one.what, "kind", "") == "room"}
        _story_person(reading, "offer", room.offer, rooms, "rooms", n)
    for file, _, _, node in reading.nodes("userTask", "manualTask"):
        _task(reading, file, node)


def _groups(reading: Reading) -> None:
    assert reading.info is not None
    named = frozenset(names_in(reading))
    for name, group in reading.info.groups.items():
        known_post(reading, group.post, "groups", name, "post")
        _unit(reading, group.at, "groups", name, "at")
        _held(reading, group.post, group.at, "groups", name)
        _told(reading, group.source, f"候选组“{name}”", f'the group "{name}"', "groups", name, "from")
        if name not in named:
            unnamed(reading, "group-unused", "候选组", "group", name, named, "groups", name)


def _told(reading: Reading, source: str, zh_who: str, en_who: str, *path: object) -> None:
    """An answer that says which unit is meant is one that a form asks."""
    known = {path for form in reading.forms.values() for path in paths_of(form.form)}
    if source and source not in known:
        zh, en = meant(source, known, 40)
        reading.of_matter(
            "no-field",
            f"{zh_who}是哪个单位的，说是由“{source}”这一项定，但没有表单填这一项。{zh}",
            f'The answer "{source}" says of which unit {en_who} is, but no form asks it. {en}',
            *path,
        )


def _organs(reading: Reading) -> None:
    """Units that sign, and who signs a paper by a word of its own in the diagram."""
    info = reading.info
    assert info is not None
    for name, who in info.organs.items():
        for one in who if isinstance(who, tuple) else (who,):
            if isinstance(one, str):
                _unit(reading, one, "organs", name)
            else:
                _told(reading, one.source, f"署名机关“{name}”", f'the organ "{name}"', "organs", name)
        _signs(reading, who, "organs", name)
    signs = {paper.organ: kind for kind, paper in reversed(info.papers.items()) if paper.organ not in info.organs}
    for word, kind in signs.items():  # each is told once, at the first paper it signs
        _signs(reading, word, "papers", kind, "organ")
    used = {paper.organ for paper in info.papers.values()}
    used |= {node.extension.header("organ") or "" for _, _, _, node in reading.nodes()}
    for name in info.organs:
        if name not in used:
            unnamed(reading, "organ-unused", "署名机关", "organ", name, {*used, *organs.PLACES} - {""}, "organs", name)
    for file, _, _, node in reading.nodes():
        organ = node.extension.header("organ")
        known = [*info.organs, *organs.PLACES]
        if organ and organ not in known:
            zh, en = meant(organ, known)
            reading.say(
                file,
                node,
                "header-value",
                f"的 organ 是“{organ}”，matter.yaml 的 organs 里没有。{zh}",
                f'has "{organ}" as its organ, which is not among the organs of matter.yaml. {en}',
            )


def _signs(reading: Reading, who: organs.Who, *path: object) -> None:
    """Whoever signs must be in the county, and have a seal: a paper of this kind could not be issued anywhere in it."""
    county, info = reading.county, reading.info
    if county is None or info is None:
        return
    for one in who if isinstance(who, tuple) else (who,):
        word = one if isinstance(one, str) else one.unit
        units = county.meant(word, info.office) if isinstance(one, str) else county.of_kind(word)
        told = isinstance(one, organs.UnitOf) or word in organs.PLACES
        if not units and told:
            name = organs.KINDS.get(word, word)
            reading.of_matter(
                "unit",
                f"县里没有{name}（{word}），没有谁能署名盖章。请先登记这样的单位，或改由别的机关署名。",
                f"The county has no {word}: nobody could sign and seal. Enter such a unit first, or let another sign.",
                *path,
            )
        elif units and not any(unit.seal for unit in units):
            listed = "、".join(unit.name or unit.code for unit in units[:3])
            reading.of_matter(
                "unit-without-seal",
                f"{listed}没有印章，不能署名。请登记它的法定名称，或改由有印章的单位署名。",
                f"{listed} has no seal and cannot sign. Register its legal name, or let a unit with a seal sign.",
                *path,
            )


def _story_person(reading: Reading, key: str, word: str, known: Collection[str] | None, group: str, n: int) -> None:
    if known is None or word in known:
        return
    zh, en = meant(word, known, 40)
    said = {"post": ("岗位", "post"), "offer": ("供给", "offer")}.get(key, ("单位", "unit"))
    line = reading.story_text.line(group, n, key)
    reading.findings.append(
        Finding(
            reading.story_text.file,
            f"{group}.{n}.{key}",
            "",
            line,
            "story-name" if key == "offer" else said[1],
            "error",
            f"{'matter.yaml' if key == 'offer' else '县'}里没有{said[0]}“{word}”。{zh}",
            f'There is no {said[1]} "{word}". {en}',
        )
    )


def unnamed(
    reading: Reading, rule: str, zh: str, en: str, name: str, named: frozenset[str] | set[str], *path: object
) -> None:
    """A name of matter.yaml that nothing uses: a slip of the pen when a near one is wanted and not there."""
    assert reading.info is not None
    there: Any = getattr(reading.info, str(path[0]))
    like = nearest(name, [one for one in named if one not in there])
    if like:
        reading.of_matter(
            rule,
            f"没有地方用到{zh}“{name}”，而流程图等处用的是“{like}”。请改成一样。",
            f'Nothing uses the {en} "{name}", but "{like}" is used and not there. Write them the same.',
            *path,
        )
    else:
        reading.of_matter(
            rule,
            f"没有地方用到{zh}“{name}”。不用的请删去。",
            f'Nothing uses the {en} "{name}". Remove it if it is not needed.',
            *path,
            severity="hint",
        )


def names_in(reading: Reading) -> Iterator[str]:
    """Every text that may name a group: in diagrams, in the options of forms, in decisions."""
    for _, _, _, node in reading.nodes():
        said = node.extension
        for text in (said.candidate_groups, *(io.source for io in said.inputs)):
            yield from _words(text)
        yield from _words(said.script)
    for form in set(reading.forms.values()):
        for _, one in form.form.walk():
            for option in one.options or ():
                yield str(option.value)
    for model in set(reading.models.values()):
        for text in _cells(model):
            yield from _words(f"={text}")
    for noun in reading.declared("handovers").values():
        assert isinstance(noun.what, Handover)
        for link in (*noun.what.links, *noun.what.back):
            yield from (link.giver, link.receiver)


def _cells(model: Any) -> Iterator[str]:
    for decision in model.definitions.decisions:
        for rule in getattr(decision.logic, "rules", ()):
            yield from (cell.text for cell in rule.outputs)


def _words(text: str | None) -> Iterator[str]:
    if not text:
        return
    if text.startswith("="):
        yield from text.split('"')[1::2]
    else:
        yield from (part.strip() for part in text.split(","))


def known_post(reading: Reading, post: str, *path: object) -> None:
    if reading.county is None:
        return
    if post not in reading.county.post_codes:
        zh, en = meant(post, reading.county.post_codes, 40)
        reading.of_matter("post", f"县里没有岗位“{post}”。{zh}", f'The county has no post "{post}". {en}', *path)


def _unit(reading: Reading, at: str, *path: object) -> None:
    words = reading.county.words if reading.county is not None else FROM_CASE
    if at in words:
        return
    if reading.county is None:
        like = nearest(at, words)
        if like and not at.isupper():
            zh, en = meant(at, words)
            reading.of_matter("unit", f"没有单位“{at}”。{zh}", f'There is no unit "{at}". {en}', *path)
        return
    zh, en = meant(at, words, 40)
    reading.of_matter("unit", f"县里没有单位“{at}”。{zh}", f'The county has no unit "{at}". {en}', *path)


def _held(reading: Reading, post: str, at: str, *path: object) -> None:
    """Somebody must hold the post where the work goes; else it lies there until somebody does."""
    county, info = reading.county, reading.info
    if county is None or info is None or post not in county.post_codes:
        return
    units = county.meant(at, info.office)
    if not units:
        return  # the unit is unknown: said
    if not any(county.answers(unit, post) for unit in units):
        reading.of_matter(
            "nobody-holds",
            f"没有人担任“{post}”（{at}），交给这一组的任务没有人办。请先安排人，或改岗位。",
            (
                f'Nobody holds the post "{post}" ({at}): what this group is given, nobody does. Appoint somebody, '
                "or change it."
            ),
            *path,
            severity="warning",
        )


def _task(reading: Reading, file: str, node: m.Node) -> None:
    said = node.extension
    for what_zh, what_en, text in (
        ("办理人", "assignee", said.assignee),
        ("候选人", "candidate user", said.candidate_users),
    ):
        if text and not text.startswith("="):
            for who in (part.strip() for part in text.split(",")):
                _user(reading, file, node, who, what_zh, what_en)
    if said.candidate_groups and not said.candidate_groups.startswith("="):
        for group in (part.strip() for part in said.candidate_groups.split(",")):
            if group and reading.info is not None and group not in reading.info.groups:
                _group(reading, file, node, group)


def _user(reading: Reading, file: str, node: m.Node, who: str, zh: str, en: str) -> None:
    roles = set() if reading.info is None else {f"party:{n}" for n, role in reading.info.parties.items() if role.post}
    words = {*reading.house.users, *roles, *(reading.county.logins if reading.county is not None else ())}
    if not who or who.isdigit() or who in words:
        return
    if reading.info is None and who.startswith("party:"):
        return  # matter.yaml has a fault, which is said: no role is known
    if reading.county is None and not who.startswith("party:") and not nearest(who, reading.house.users):
        return  # perhaps a log-in: only the county knows
    like = meant(who, words, 40)
    reading.say(
        file,
        node,
        "user",
        f"的{zh}“{who}”不认识。{like[0]}",
        f'has the {en} "{who}", whom nobody knows. {like[1]}',
    )


def _group(reading: Reading, file: str, node: m.Node, group: str) -> None:
    """A group that matter.yaml does not name may be written as post@unit."""
    assert reading.info is not None
    post, sign, at = group.partition("@")
    county = reading.county
    if not sign:
        known = list(reading.info.groups)
        zh, en = meant(group, known, 40)
        reading.say(
            file,
            node,
            "role-missing",
            f"的候选组“{group}”不在 matter.yaml 的 groups 里，也不是“岗位@单位”。{zh}",
            f'asks the group "{group}", which is neither among the groups of matter.yaml nor post@unit. {en}',
        )
        return
    if county is None:
        return
    if post not in county.post_codes:
        zh, en = meant(post, county.post_codes, 40)
        reading.say(file, node, "post", f"的候选组“{group}”：没有这个岗位。{zh}", f'asks "{group}": no such post. {en}')
    if at not in county.words:
        zh, en = meant(at, county.words, 40)
        reading.say(file, node, "unit", f"的候选组“{group}”：没有这个单位。{zh}", f'asks "{group}": no such unit. {en}')
    elif post in county.post_codes and not any(
        county.answers(unit, post) for unit in county.meant(at, reading.info.office)
    ):
        reading.say(
            file,
            node,
            "nobody-holds",
            f"的候选组“{group}”没有人担任。请先安排人，或改岗位。",
            f'asks "{group}", but nobody holds that post. Appoint somebody, or change it.',
            "warning",
        )
