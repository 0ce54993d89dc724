"""文书: kinds that exist, listed and issued; and at each effect that issues one, every fact it cannot do without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from engine.feel import tree
from engine.findings import Finding, meant, nearest
from engine.matters.gate import scope, shapes
from engine.matters.gate.notices import facts_of
from engine.matters.gate.reading import Reading
from engine.matters.nouns.handovers import Handover
from engine.matters.nouns.offers import Offer
from engine.process.language import model as m

#: The effects that name a paper in their header `kind`.
ISSUERS = ("issue-paper", "deliver-paper")


def check(reading: Reading, known: Mapping[str, scope.Known]) -> None:
    info, house = reading.info, reading.house
    _places(reading)
    if info is None:
        return
    kinds = reading.kinds
    if house.papers is not None:
        for n, kind in enumerate(info.papers):
            if kind not in kinds:
                zh, en = meant(kind, kinds, 60)
                reading.of_matter(
                    "paper-unknown",
                    f"没有文书“{kind}”：forms/{reading.name}/ 和共用文书里都没有。{zh}",
                    f'There is no paper "{kind}", neither in forms/{reading.name}/ nor among the shared ones. {en}',
                    *_place(reading, n, kind),
                )
    issued: set[str] = set()
    delivered: list[tuple[str, m.Node, str]] = []
    for file, process, _, node in reading.nodes():
        said = node.extension
        named = said.header("kind") if said.task_type in ISSUERS else house.effect_papers.get(said.task_type or "")
        if not named:
            continue
        kind = named
        if said.task_type == "deliver-paper":
            delivered.append((file, node, kind))
        else:
            issued.add(kind)
        if said.task_type in ISSUERS and kind not in info.papers:
            zh, en = meant(kind, info.papers, 60)
            reading.say(
                file,
                node,
                "paper-missing",
                f"的文书“{kind}”没有列在 matter.yaml 的 papers 里。请列入，或改正种类。{zh}",
                (
                    f'names the paper "{kind}", which is not among the papers of matter.yaml. List it, or mend the '
                    f"kind. {en}"
                ),
            )
        if said.task_type == "issue-paper" and kind in kinds:
            _facts(reading, known, file, process, node, kind)
    for noun in reading.declared("handovers").values():
        assert isinstance(noun.what, Handover)
        issued.add(noun.what.paper)  # engine.matters.gate.handovers says that it is listed
    for offer in reading.declared("offers").values():
        if isinstance(offer.what, Offer) and offer.what.door is not None:
            issued.add(offer.what.door.paper)  # engine.matters.gate.offers says that it is listed
    for file, node, kind in delivered:
        if kind in info.papers and kind in kinds and kind not in issued and kind not in house.own_papers:
            zh, en = meant(kind, issued, 60)
            reading.say(
                file,
                node,
                "paper-missing",
                f"送达文书“{kind}”，但流程图里没有签发它。{zh}",
                f'delivers the paper "{kind}", which the diagram never issues. {en}',
            )
        issued.add(kind)
    for n, kind in enumerate(info.papers):
        if kind in issued or kind in house.own_papers or kind not in kinds:
            continue
        like = nearest(kind, [one for one in (*issued, *house.own_papers) if one not in info.papers])
        hint_zh = f"是不是“{like}”？" if like else "不用的请删去。"
        hint_en = f'Did you mean "{like}"?' if like else "Remove it if it is not needed."
        reading.of_matter(
            "paper-unused",
            f"文书“{kind}”列在这里，但流程图里没有签发它。{hint_zh}",
            f'The paper "{kind}" is listed, but the diagram never issues it. {hint_en}',
            *_place(reading, n, kind),
            severity="error" if like else "hint",
        )
    for kind, file in reading.paper_files.items():
        if kind not in info.papers:
            zh, en = meant(kind, info.papers, 60)
            reading.findings.append(
                reading.matter.error(
                    "paper-not-listed",
                    f"{file} 是文书“{kind}”，但 papers 里没有列它。{zh}",
                    f'{file} is the paper "{kind}", but papers does not list it. {en}',
                    "papers",
                )
            )


def _place(reading: Reading, n: int, kind: str) -> tuple[object, ...]:
    """Where a kind stands: `papers` is a list of kinds, or says of each who signs it."""
    value = reading.matter.value
    listed = isinstance(value, dict) and isinstance(value.get("papers"), list)
    return ("papers", n if listed else kind)


#: The YAML files of a matter.
_NAMES = ("matter.yaml", "stories.yaml", "clauses.yaml", "en.yaml")


def _places(reading: Reading) -> None:
    """Each kind of file has its folder; elsewhere, or under another name, nobody finds it."""
    for file in reading.files:
        path = PurePosixPath(file)
        if "_shared" in path.parts:
            continue
        home = "bpmn" if path.suffix in (".bpmn", ".dmn", ".yaml", ".yml") else "forms"
        wanted = f"{home}/{reading.name}/{path.name}"
        if path.suffix in (".yaml", ".yml") and path.name not in _NAMES:
            zh, en = meant(path.name, _NAMES)
            reading.findings.append(
                Finding(
                    file,
                    "",
                    "",
                    1,
                    "file-unknown",
                    "error",
                    f"没有人读名叫“{path.name}”的文件。{zh}",
                    f'Nothing reads a file called "{path.name}". {en}',
                )
            )
        elif file != wanted:
            reading.findings.append(
                Finding(
                    file,
                    "",
                    "",
                    1,
                    "wrong-folder",
                    "error",
                    f"文件放错了文件夹，没有人会在这里找它。请移到 {wanted}。",
                    f"The file is in the wrong folder: nobody looks for it there. Move it to {wanted}.",
                )
            )


def _facts(
    reading: Reading, known: Mapping[str, scope.Known], file: str, process: m.Process, node: m.Node, kind: str
) -> None:
    """The required facts that neither the hall nor this effect gives, and those it gives that the paper does not
    know."""
    paper, info = reading.kinds[kind], reading.info
    assert info is not None
    always = shapes.of_paths(reading.house.facts)
    if not info.materials:
        always.pop("materials", None)
    if not info.tells_remedy(kind):
        always.pop("remedies", None)
    if any(io.target == "reason" for io in node.extension.inputs):
        always["reason"] = shapes.LEAF
    own = dict(facts_of(reading, known, process, node))
    if "*" in own:
        return  # what it is given, nobody can know before
    given = shapes.all_of([always, own])
    if "reasons" in own:
        given["reason"] = shapes.LEAF
    for path, label in paper.required.items():
        if not shapes.has(given, path):
            near = nearest(path.split(".")[-1].removesuffix("[]"), _names(own))
            zh = f"是不是把它写成了“{near}”？" if near else f"请在输入 facts 里给出 {path}。"
            en = f'Was it written as "{near}"?' if near else f"Give {path} in the input facts."
            reading.say(
                file,
                node,
                "paper-facts",
                f"签发的《{paper.title}》（{kind}）缺少“{label}”（{path}），到时签发不了。{zh}",
                f'issues the paper "{kind}" without {path}, which it cannot do without. {en}',
            )
    allowed = shapes.of_paths([*paper.required, *paper.optional])
    for path, line in _written(node):
        if not _fits(allowed, path) and not shapes.has(always, path):
            zh, en = meant(path, [*paper.required, *paper.optional], 60)
            reading.say(
                file,
                node,
                "paper-fact-unknown",
                f"给《{paper.title}》（{kind}）的“{path}”它不认识，不会印出来。{zh}",
                f'gives "{path}" to the paper "{kind}", which does not know it and prints nothing of it. {en}',
                line=line,
            )


def _written(node: m.Node) -> Iterator[tuple[str, int]]:
    """The facts an effect names itself, with their line; what a variable that is handed over holds besides is not
    its."""
    for io in node.extension.inputs:
        head, _, rest = io.target.partition(".")
        if head != "facts":
            continue
        body = scope.parsed(io.source) if io.source.startswith("=") else None
        paths = list(_keys(body)) if body is not None else []
        for path in paths or [""]:
            full = ".".join(part for part in (rest, path) if part)
            if full:
                yield full, io.line


def _keys(body: tree.Node) -> Iterator[str]:
    if isinstance(body, tree.If):
        yield from _keys(body.yes)
        yield from _keys(body.no)
    elif isinstance(body, tree.ContextOf):
        for key, value in zip(body.keys, body.values, strict=True):
            under = list(_keys(value))
            yield from (f"{key}.{path}" for path in under) if under else (key,)


def _fits(allowed: shapes.Scope, path: str) -> bool:
    """Whether the paper knows this fact, or what it stands in or holds (a signature's parts are the paper's own)."""
    here = allowed.get(path.split(".")[0])
    for part in path.split(".")[1:]:
        if here is None:
            return False
        if not here.entries:
            return True
        here = here.entries.get(part)
    return here is not None


def _paths(name: str, shape: shapes.Shape) -> list[str]:
    if not shape.entries:
        return [name]
    return [path for key, under in shape.entries.items() for path in _paths(f"{name}.{key}", under)]


def _names(own: Mapping[str, shapes.Shape]) -> list[str]:
    return [part for name, shape in own.items() for path in _paths(name, shape) for part in path.split(".")]
