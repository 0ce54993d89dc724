"""The studio (工作室): a draft of a matter is begun, changed file by file, put back, dropped. Nothing of it is offered
to anybody until it is published (engine.proof.drafting).

Every change is kept whole, with who and when, so that a draft can go back to any moment. Two who change the same file
do not write over each other: whoever comes second is told what the first one kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lxml import etree
from sqlalchemy import delete, select

from engine import matters
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound, NotNow
from engine.people import Actor, masks
from engine.people.access import require
from engine.records import audit, library
from engine.store import Work
from engine.store.models import StudioChange, StudioDraft, StudioEditor, StudioFile, User

#: Somebody who goes on typing within this time changes the same entry of the history.
ONE_CHANGE = timedelta(minutes=2)
#: The largest file, and the most files, of a draft.
MOST_BYTES, MOST_FILES = 1_000_000, 200
#: Names of files: no way out of the matter's folders.
_PATH = re.compile(
    rf"(?:bpmn|forms)/{matters.NAME.pattern}/(?:[\w-]{{1,60}}/)?[\w.-]{{1,80}}\.(?:bpmn|dmn|form|ya?ml|j2|html|css|md)"
)
#: An address of the studio that is no matter's.
TAKEN = ("new", "adopt")


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a change."""

    revision: int  # of the draft now; the file's, when it is sent next
    changed: bool  # False: it says what it said before, and nothing was written


class Overtaken(NotNow):
    """Expected a file as it was when its editor opened it, but somebody else has changed it since."""

    slug = "overtaken"


def begin(work: Work, matter: str, *, by: Actor, now: datetime) -> StudioDraft:
    """The draft of this matter that is open, else a new one that says what the published version says."""
    require(by, "design")
    found = _open(work, matter)
    if found is not None:
        return found
    package = library.current(work, matter)
    return _begun(work, matter, package.info.name, package.version, own(matter, package.files), by=by, now=now)


def begin_new(
    work: Work, matter: str, title: str, files: Mapping[str, bytes], *, by: Actor, now: datetime
) -> StudioDraft:
    """A draft of a matter that there is not yet, from a small one that runs."""
    require(by, "design")
    problems = cannot_be_called(work, matter, title)
    problems += [_too_large(path) for path, content in files.items() if len(content) > MOST_BYTES]
    if problems:
        raise Invalid(problems)
    return _begun(work, matter, title.strip(), None, files, by=by, now=now)


def cannot_be_called(work: Work, matter: str, title: str) -> list[FieldError]:
    """What is wrong with the name and the title of a matter that there shall be."""
    problems = []
    if not matters.NAME.fullmatch(matter):
        zh = f"“{matter}”不能作代号：小写字母开头，只有小写字母、数字和下划线，2 到 40 个"
        problems.append(FieldError("name", "代号", zh, "Expected small letters, digits and _, beginning with a letter"))
    elif matter in TAKEN or library.known(work, matter) or _open(work, matter) is not None:
        zh, en = f"已经有代号为“{matter}”的事项或草稿，请换一个", "There is one of that name already: choose another"
        problems.append(FieldError("name", "代号", zh, en))
    if not 2 <= len(title.strip()) <= 60:
        problems.append(FieldError("title", "名称", "请写 2 到 60 个字", "Expected 2 to 60 characters"))
    return problems


def _too_large(path: str) -> FieldError:
    zh, en = f"最多 {MOST_BYTES // 1000} KB", f"at most {MOST_BYTES // 1000} KB"
    return FieldError("text", path, f"文件太大：{zh}", f"The file is too large: {en}")


def _open(work: Work, matter: str) -> StudioDraft | None:
    """The draft of this matter that is worked on: there is one at most."""
    found = select(StudioDraft).where(StudioDraft.matter == matter, StudioDraft.state == "open")
    return work.session.scalar(found)


def _begun(
    work: Work, matter: str, title: str, based_on: str | None, files: Mapping[str, bytes], *, by: Actor, now: datetime
) -> StudioDraft:
    assert by.id is not None
    draft = work.insert(
        StudioDraft(
            matter=matter, title=title, based_on=based_on, state="open", made_by_id=by.id, made_at=now, changed_at=now
        )
    )
    for path, content in files.items():
        work.session.add(StudioFile(draft_id=draft.id, path=path, content=content, changed_at=now))
        _note(work, draft, path, content, "begin", by, now)
    audit.record(work, audit.Kind.DRAFT_BEGUN, by=by, now=now, facts={"matter": matter, "based_on": based_on})
    return draft


def own(matter: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that are the matter's own: what it shares with others is changed elsewhere."""
    return {p: content for p, content in files.items() if p.startswith((f"bpmn/{matter}/", f"forms/{matter}/"))}


def save(work: Work, draft_id: int, path: str, content: bytes, *, base: int, by: Actor, now: datetime) -> Kept:
    """This file of the draft says this now. base: the file's revision that was changed; 0: a new file."""
    draft = _locked(work, draft_id, by)
    _must_be_ours(draft, path)
    if len(content) > MOST_BYTES:
        raise Invalid([_too_large(path)])
    row = work.session.get(StudioFile, (draft.id, path))
    if row is None:
        there = select(StudioFile.path).where(StudioFile.draft_id == draft.id)
        if len(work.session.scalars(there).all()) >= MOST_FILES:
            raise NotNow(f"一个事项最多 {MOST_FILES} 个文件。", f"A matter has at most {MOST_FILES} files.")
        row = StudioFile(draft_id=draft.id, path=path, content=b"", revision=0, changed_at=now)
        work.session.add(row)
    elif row.revision > base and row.changed_by_id != by.id:
        raise _overtaken(work, row)
    elif same(path, row.content, content):
        return Kept(row.revision, False)
    last = work.session.scalar(
        select(StudioChange).where(StudioChange.draft_id == draft.id).order_by(StudioChange.id.desc()).limit(1)
    )
    goes_on = (
        last is not None
        and (last.path, last.by_id, last.kind) == (path, by.id, "edit")
        and last.revision == row.revision
        and now - last.at <= ONE_CHANGE
    )
    draft.changed_at = now
    if last is not None and goes_on:
        last.content = content  # its beginning stays its time, so that an hour of typing is thirty entries
    else:
        draft.revision += 1
        row.revision = draft.revision
        _note(work, draft, path, content, "edit", by, now)
    row.content, row.changed_by_id, row.changed_at = content, by.id, now
    _is_here(work, draft, path, by, now)
    return Kept(row.revision, True)


def take_away(work: Work, draft_id: int, path: str, *, by: Actor, now: datetime) -> None:
    """The draft has this file no more."""
    draft = _locked(work, draft_id, by)
    _must_be_ours(draft, path)
    if path in (f"bpmn/{draft.matter}/matter.yaml", f"bpmn/{draft.matter}/process.bpmn"):
        raise NotNow("这个文件不能删：没有它就不成事项。", "A matter has this file: it cannot be taken away.")
    row = work.session.get(StudioFile, (draft.id, path))
    if row is None:
        raise NotFound("草稿里没有这个文件。", "There is no such file in the draft.")
    work.session.delete(row)
    draft.revision, draft.changed_at = draft.revision + 1, now
    _note(work, draft, path, None, "take-away", by, now)


def restore(work: Work, draft_id: int, revision: int, *, by: Actor, now: datetime) -> int:
    """The draft says what it said after this change; what came after is in the history still. How many files are
    others now."""
    draft = _locked(work, draft_id, by)
    if not 0 <= revision <= draft.revision:
        raise NotFound("历史里没有这一次改动。", "There is no such change in the history.")
    shall = at_revision(work, draft.id, revision)
    there = {row.path: row.content for row in _files(work, draft.id)}
    changed = [p for p in shall.keys() | there.keys() if there.get(p) != shall.get(p)]
    return _become(work, draft, changed, shall, "restore", by, now, words=str(revision))


def bring(work: Work, draft_id: int, files: Mapping[str, bytes], *, by: Actor, now: datetime) -> int:
    """The draft is what these files say (from a desktop modeler, from a repository); how many are others now."""
    draft = _locked(work, draft_id, by)
    shall = own(draft.matter, files)
    for path in shall:
        _must_be_ours(draft, path)
    there = {row.path: row.content for row in _files(work, draft.id)}
    changed = [p for p in shall.keys() | there.keys() if p not in there or not same(p, there[p], shall.get(p))]
    return _become(work, draft, changed, shall, "bring", by, now)


def rewrite(
    work: Work,
    draft_id: int,
    of: Callable[[Mapping[str, bytes]], Mapping[str, bytes | None]],
    *,
    by: Actor,
    now: datetime,
) -> int:
    """The draft's files as `of` makes them of what they are now (None: gone), in one change; how many are others."""
    draft = _locked(work, draft_id, by)
    there = own_files(work, draft.id)
    made = of(there)
    for path in made:
        _must_be_ours(draft, path)
    shall = {p: content for p, content in {**there, **made}.items() if content is not None}
    changed = [p for p in made if there.get(p) != shall.get(p)]
    return _become(work, draft, changed, shall, "steps", by, now)


def own_files(work: Work, draft_id: int) -> dict[str, bytes]:
    """The files of a draft, as they are now."""
    return {row.path: row.content for row in _files(work, draft_id)}


def _become(
    work: Work,
    draft: StudioDraft,
    changed: Collection[str],
    shall: Mapping[str, bytes],
    kind: str,
    by: Actor,
    now: datetime,
    words: str = "",
) -> int:
    """These files of the draft say what they shall, in one change; how many."""
    if not changed:
        return 0
    there = {row.path: row for row in _files(work, draft.id)}
    draft.revision, draft.changed_at = draft.revision + 1, now
    for path in sorted(changed):
        content, row = shall.get(path), there.get(path)
        if content is None and row is not None:
            work.session.delete(row)
        elif content is not None:
            if row is None:
                row = StudioFile(draft_id=draft.id, path=path, content=content, changed_at=now)
                work.session.add(row)
            row.content, row.revision, row.changed_by_id, row.changed_at = content, draft.revision, by.id, now
        _note(work, draft, path, content, kind, by, now, words)
    return len(changed)


def drop(work: Work, draft_id: int, *, by: Actor, now: datetime) -> None:
    """The draft is given up; its history stays."""
    draft = _locked(work, draft_id, by)
    _over(work, draft, "dropped", now)
    audit.record(work, audit.Kind.DRAFT_DROPPED, by=by, now=now, facts={"matter": draft.matter, "draft": draft.id})


def is_here(work: Work, draft_id: int, path: str, *, by: Actor, now: datetime) -> None:
    """Somebody has the draft open, at this file."""
    require(by, "design")
    draft = work.session.get(StudioDraft, draft_id)
    if draft is not None and draft.state == "open":
        _is_here(work, draft, path[:160], by, now)


def same(path: str, one: bytes, other: bytes | None) -> bool:
    """Whether two contents say the same: of a drawing, whatever their blanks and quotes."""
    if one == other or other is None:
        return one == other
    if not path.endswith((".bpmn", ".dmn")):
        return False
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    try:
        trees = [etree.tostring(etree.fromstring(text, parser).getroottree(), method="c14n") for text in (one, other)]
    except etree.LxmlError:  # no XML, or with names that stand for nothing
        return False
    return trees[0] == trees[1]


def at_revision(work: Work, draft_id: int, revision: int) -> dict[str, bytes]:
    """The files of a draft as they were after this change."""
    found: dict[str, bytes] = {}
    rows = work.session.execute(
        select(StudioChange.path, StudioChange.content)
        .where(StudioChange.draft_id == draft_id, StudioChange.revision <= revision)
        .order_by(StudioChange.revision, StudioChange.id)
    )
    for path, content in rows:
        if content is None:
            found.pop(path, None)
        else:
            found[path] = content
    return found


def _files(work: Work, draft_id: int) -> list[StudioFile]:
    return list(
        work.session.scalars(select(StudioFile).where(StudioFile.draft_id == draft_id).order_by(StudioFile.path))
    )


def _note(
    work: Work,
    draft: StudioDraft,
    path: str,
    content: bytes | None,
    kind: str,
    by: Actor,
    now: datetime,
    words: str = "",
) -> None:
    assert by.id is not None
    work.session.add(
        StudioChange(
            draft_id=draft.id,
            revision=draft.revision,
            path=path,
            content=content,
            kind=kind,
            words=words,
            by_id=by.id,
            at=now,
        )
    )


def _is_here(work: Work, draft: StudioDraft, path: str, by: Actor, now: datetime) -> None:
    assert by.id is not None
    row = work.session.get(StudioEditor, (draft.id, by.id))
    if row is None:
        work.session.add(StudioEditor(draft_id=draft.id, user_id=by.id, path=path, at=now))
    else:
        row.path, row.at = path, now


def _locked(work: Work, draft_id: int, by: Actor) -> StudioDraft:
    require(by, "design")
    draft = work.session.get(StudioDraft, draft_id, with_for_update=True, populate_existing=True)
    if draft is None:
        raise NotFound("没有这份草稿。", "There is no such draft.")
    if draft.state != "open":
        raise AlreadyDone(
            "这份草稿已经发布或放弃了，不能再改。", "This draft was published or given up.", when=draft.changed_at
        )
    return draft


def fits(path: str) -> bool:
    """Whether a file of a matter may be called this."""
    return _PATH.fullmatch(path) is not None and ".." not in path


def _must_be_ours(draft: StudioDraft, path: str) -> None:
    if not fits(path) or not own(draft.matter, {path: b""}):
        raise Invalid(
            [
                FieldError(
                    "path",
                    "文件名",
                    f"“{path[:80]}”不能作文件名：放在 bpmn/{draft.matter}/ 或 forms/{draft.matter}/ 里，"
                    "以 .bpmn、.dmn、.form、.yaml、.j2、.html、.css、.md 结尾",
                    f"Expected a file of bpmn/{draft.matter}/ or forms/{draft.matter}/, but got {path[:80]!r}",
                )
            ]
        )


def _overtaken(work: Work, row: StudioFile) -> Overtaken:
    user: Any = work.session.get(User, row.changed_by_id) if row.changed_by_id is not None else None
    who = masks.name(user.name) if user is not None else "别人"
    return Overtaken(
        f"{who}在您打开之后改过这个文件，您的改动没有存。请先看看改了什么：刷新就是新的；您的请先复制下来。",
        "Somebody has changed this file since you opened it: yours is not kept. Copy it, then load the file anew.",
        revision=row.revision,
    )


def published(work: Work, draft: StudioDraft, version: str, *, now: datetime) -> None:
    """It is a version now."""
    draft.published = version
    _over(work, draft, "published", now)


def _over(work: Work, draft: StudioDraft, state: str, now: datetime) -> None:
    """Nobody works on it any more."""
    draft.state, draft.changed_at = state, now
    work.session.execute(delete(StudioEditor).where(StudioEditor.draft_id == draft.id))


def whole(work: Work, draft: StudioDraft) -> dict[str, bytes]:
    """Every file of what would be published: the draft's own, and what its base version shares with others."""
    files = {row.path: row.content for row in _files(work, draft.id)}
    if draft.based_on is None:
        return files
    base = library.version(work, draft.based_on).files
    shared = {p: content for p, content in base.items() if p not in own(draft.matter, base)}
    return {**shared, **files}
