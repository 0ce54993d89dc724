"""迁移 in every matter of the house, before every step of every story: the case is moved to a copy of its version under
other ids, and at the next step back again. The story goes as it is written: the same steps, days, papers, notices and
outcome."""

from __future__ import annotations

import re
from collections import Counter

import pytest
import yaml
from sqlalchemy import select

from engine import matters
from engine.commands import cases
from engine.proof import playing, proving
from engine.store.models import Case, MatterVersion
from tests.cast import ROOT

#: Played daily; the others in the wide gate. 会签, parallel branches, timers, messages, an order that is dispatched.
DAILY = {"daiban", "zhenggai"}
#: What a drawing says by the id of an element.
_REFERS = re.compile(r'\b(id|sourceRef|targetRef|attachedToRef|activityRef|bpmnElement|default)="([\w-]+)"')
_FLOW = re.compile(r'<\w*:?sequenceFlow\b[^>]*\bid="([\w-]+)"')
_NODE = re.compile(
    r'<(?:\w+:)?(?:\w*Event|\w*[tT]ask|\w*Gateway|subProcess|transaction|callActivity)\b[^>]*?\bid="([\w-]+)"'
)


def other_ids(package: matters.Package) -> tuple[matters.Package, dict[str, str]]:
    """The same version with another id for each element of its drawings."""
    files = dict(package.files)
    drawings = [path for path in files if path.endswith(".bpmn")]
    ids = [id for path in drawings for id in _NODE.findall(files[path].decode())]
    new = {id: f"n{n}_{id}" for n, id in enumerate(ids)}
    for path in drawings:
        text = _REFERS.sub(lambda m: f'{m[1]}="{new.get(m[2], m[2])}"', files[path].decode())

        def apart(found: re.Match[str]) -> str:
            return found[1] + ",".join(new.get(one.strip(), one.strip()) for one in found[2].split(",")) + '"'

        files[path] = re.sub(r'(name="(?:apart|return_to)" value=")([^"]*)"', apart, text).encode()
    written = yaml.safe_load(files[f"bpmn/{package.name}/matter.yaml"])
    for limits in (written.get("limits") or {}, written.get("order") or {}):
        for name, value in list(limits.items()):
            if isinstance(value, dict) and name == "steps":
                limits[name] = {new.get(step, step): limit for step, limit in value.items()}
            elif isinstance(value, str) and value in new and limits is not written.get("limits"):
                limits[name] = new[value]
    files[f"bpmn/{package.name}/matter.yaml"] = yaml.safe_dump(written, allow_unicode=True, sort_keys=False).encode()
    files.pop(f"bpmn/{package.name}/stories.yaml", None)  # they speak of the steps by the ids of before
    return matters.read(package.name, files), new


class Moved(playing.Player):
    """Plays a story, and before each step moves the case to the other version."""

    moves: Counter[str] = Counter()
    copy: matters.Package
    new: dict[str, str]

    def step_of(self, name: str) -> str:
        """A step of the story, as the version that the case is on now calls it."""
        with self.database.reading() as work:
            on = work.session.scalar(select(Case.version_hash).where(Case.id == self.case_id))
        return self.new.get(name, name) if on == self.copy.version else name

    def do(self, step):
        self.flip()
        named = {key: self.step_of(step[key]) for key in ("task", "return", "to", "answer") if key in step}
        before = len(self.played.tasks)
        super().do({**step, **named})
        if len(self.played.tasks) > before:
            self.played.tasks[-1] = step["task"]

    def flip(self) -> None:
        with self.database.reading() as work:
            case = work.session.get_one(Case, self.case_id)
            if case.status not in ("running", "suspended") or case.matter != self.package.name:
                return
            on = case.version_hash
        back = on == self.copy.version
        to = self.package if back else self.copy
        with self.database.unit_of_work() as work:
            if work.session.get(MatterVersion, to.version) is None:
                work.session.add(
                    MatterVersion(
                        hash=to.version,
                        matter=to.name,
                        code=to.info.code,
                        name=to.info.name,
                        content=to.to_zip(),
                        published_at=self.now,
                        note="",
                        current=False,
                    )
                )
                work.session.flush()
            said = {new: old for old, new in self.new.items()} if back else self.new
            definition = (self.copy if back else self.package).definition
            chosen = {
                f"{one.name}/{element}": said[element]
                for one in definition.processes.values()
                for element in one.task_specs
                if element in said
            }
            by = self.actor(work, self.hall.head)
            cases.move_version(work, self.case_id, to.version, chosen, "改了编号", by=by, now=self.now)
        self.moves["back" if back else "there"] += 1

    def watch(self, case_id, step):
        old = {new: old for old, new in self.new.items()}
        before = len(self.played.trace)
        super().watch(case_id, step)
        self.played.trace[before:] = [old.get(one, one) for one in self.played.trace[before:]]

    def _open(self, work):
        old = {new: old for old, new in self.new.items()}
        return sorted(old.get(one, one) for one in super()._open(work))


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in DAILY else pytest.mark.wide) for n in matters.names(ROOT)]
)
def test_a_story_goes_as_it_is_written_though_its_case_is_moved_before_every_step(name, scratch, monkeypatch):
    monkeypatch.setattr(Moved, "moves", Counter())
    package = matters.load(ROOT, name)
    copy, new = other_ids(package)
    monkeypatch.setattr(Moved, "copy", copy, raising=False)
    monkeypatch.setattr(Moved, "new", new, raising=False)
    monkeypatch.setattr(playing, "Player", Moved)
    stage = proving.Stage(package, scratch)
    wrong = {}
    for story in stage.book.stories:
        played = stage.play(story)
        if played.problems:
            wrong[story.name] = played.problems
    assert wrong == {}
    assert Moved.moves["there"] > 0 or not any(story.steps for story in stage.book.stories)
