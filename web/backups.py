"""Backup and restore of a whole hall: a folder that says of itself what is in it, and can be checked.

    DIR/manifest.json    when, which version and revision, counts, the newest seal, SHA-256 of each part
        hall.db          (or hall.dump: PostgreSQL)
        files.list       SHA-256 and path of each stored file, one a line
        files/…          as in the hall: sealed with the data key
        anchor.jsonl     the audit's own anchor, when there is one
        seal.known       the public keys that signed the seals, sealed with the data key: nobody else can add one
        keys/…           only when asked for: whoever has both can read everything

The folder gets its name only when it is whole. A restore looks at everything before it touches anything.
"""

from __future__ import annotations

import base64
import importlib.metadata
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, func, select, text

from engine import crypto
from engine.commands.hall import restored
from engine.commands.hall.restored import Settled
from engine.errors import NotNow
from engine.people import SYSTEM
from engine.records import audit, inspection
from engine.store import Database, connect, copies, keys, migrate, signing
from engine.store.models import Case, Document, Event, File, Notice, Seal, User
from web.settings import Settings

#: Of the folder's form. A newer form is refused.
FORM = 1
MANIFEST, LIST, ANCHOR, SIGNERS = "manifest.json", "files.list", "anchor.jsonl", "seal.known"
COUNTED = (Case, Document, Event, File, Notice, User)
#: What the key of a backup must open.
_WORD, _ABOUT, _OF_SIGNERS = b"yizhan backup", b"backup", b"backup signers"
_STORED = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    at: datetime  # the moment of the database
    program: str
    dialect: str
    revision: str
    counts: dict[str, int]
    seal: str  # hash of the newest seal of the audit; "" when there is none
    key_word: str  # a known word sealed with the data key: says whether a key is the right one
    parts: dict[str, str]  # file: SHA-256
    files: int
    bytes: int
    with_keys: bool

    def as_json(self) -> str:
        values = {"form": FORM, **{name: getattr(self, name) for name in self.__dataclass_fields__}}
        return json.dumps(values | {"at": self.at.isoformat()}, ensure_ascii=False, indent=1) + "\n"


def program() -> str:
    """The version of this program."""
    try:
        return importlib.metadata.version("yizhan")
    except importlib.metadata.PackageNotFoundError:  # run from its folder, never installed
        return "0"


def backup(settings: Settings, to: Path, *, with_keys: bool = False, now: datetime) -> Manifest:
    """A whole copy of the hall in the new folder `to`, while the hall runs."""
    to = to.resolve()
    if to.exists():
        raise NotNow(
            f"{to} 已经在了，备份不覆盖任何东西。请写一个还没有的文件夹，例如带上日期。",
            f"{to} exists and a backup overwrites nothing: name a folder that is not there yet, such as one by date.",
        )
    if to.is_relative_to(settings.home):
        raise NotNow(
            f"备份不能放在大厅自己的文件夹 {settings.home} 里：机器坏了会一起丢。请写到别的磁盘或别的机器上。",
            f"A backup inside the hall's own folder {settings.home} is lost with it: name a folder on another disk.",
        )
    database = connect(settings.database_url or None, files=settings.home / "files")
    try:
        if migrate.current(database) is None:
            raise NotNow(
                "这里还没有大厅的数据库，没有可备份的。请核对 YIZHAN_HOME 和 YIZHAN_DATABASE_URL。",
                "There is no hall's database here: check YIZHAN_HOME and YIZHAN_DATABASE_URL.",
            )
        making = to.with_name(f".{to.name}.partial")
        with _whole_or_nothing(making):
            made = _fill(database, settings, making, with_keys=with_keys, now=now)
            os.rename(making, to)
        if made.revision == migrate.head():  # an older one, before its update, has not the columns of today's record
            facts = {"manifest": _sha(to / MANIFEST), "revision": made.revision, "files": made.files, "keys": with_keys}
            with database.unit_of_work() as work:
                audit.record(work, audit.Kind.BACKED_UP, by=SYSTEM, now=now, facts=facts)
        return made
    finally:
        database.close()


def _fill(database: Database, settings: Settings, to: Path, *, with_keys: bool, now: datetime) -> Manifest:
    there: dict[str, str] = {}
    # Files, the database, and the files that came meanwhile: one that is forgotten between the two is in the first.
    _copy_files(database.files, to / "files", there)
    # Before the database: what it says of seals, the copied moment has.
    anchor = database.files / "anchor" / "seals.jsonl"
    if anchor.is_file():
        _write(to / ANCHOR, anchor.read_bytes())
    copied = to / copies.NAMES[database.dialect]
    revision, counts, seal, wanted = copies.copy(database, copied, _look)
    _copy_files(database.files, to / "files", there)
    missing = sorted(sha for sha in wanted if f"{sha[:2]}/{sha[2:4]}/{sha}" not in there)
    if missing:
        raise NotNow(
            f"有 {len(missing)} 个登记过的文件在磁盘上找不到（{missing[0]} …），这样的备份恢复不出完整的大厅。"
            "请先从上一次备份里找回这些文件。",
            f"{len(missing)} files that the database names are not on the disk ({missing[0]} …): put them back from an "
            "earlier backup first.",
        )
    (to / LIST).write_text("".join(f"{sha}  {name}\n" for name, sha in sorted(there.items())), encoding="utf-8")
    _write(to / SIGNERS, keys.current().seal(" ".join(sorted(signing.known())).encode(), _OF_SIGNERS))
    parts = [copied, to / LIST, to / SIGNERS, *([to / ANCHOR] if (to / ANCHOR).is_file() else [])]
    if with_keys:
        if not keys.file().is_file():
            raise NotNow(
                f"数据密钥不在 {keys.file()}（在 YIZHAN_DATA_KEY 里），放不进备份。请去掉 --with-keys，另外保管密钥。",
                f"The data key is not at {keys.file()} but in YIZHAN_DATA_KEY: leave out --with-keys and keep the key "
                "apart.",
            )
        shutil.copytree(settings.home / "keys", to / "keys")
        parts += sorted(one for one in (to / "keys").rglob("*") if one.is_file())
    made = Manifest(
        at=now,
        program=program(),
        dialect=database.dialect,
        revision=revision,
        counts=counts,
        seal=seal,
        key_word=base64.b64encode(keys.current().seal(_WORD, _ABOUT)).decode(),
        parts={one.relative_to(to).as_posix(): _sha(one) for one in parts},
        files=len(there),
        bytes=sum(one.stat().st_size for one in to.rglob("*") if one.is_file()),
        with_keys=with_keys,
    )
    _write(to / MANIFEST, made.as_json())
    return made


def _look(connection: Connection) -> tuple[str, dict[str, int], str, set[str]]:
    """Of the copied moment: revision, counts, newest seal, hashes of the stored files."""
    revision = str(connection.execute(text("select version_num from alembic_version")).scalar_one())
    # The tables as this database has them: it may be older than the models.
    kinds = [Table(one.__tablename__, MetaData(), autoload_with=connection) for one in COUNTED]
    counts = {kind.name: int(connection.scalar(select(func.count()).select_from(kind)) or 0) for kind in kinds}
    seal = connection.scalar(select(Seal.hash).order_by(Seal.id.desc()).limit(1)) or ""
    return revision, counts, seal, set(connection.scalars(select(File.sha256)))


def _copy_files(source: Path, to: Path, there: dict[str, str]) -> None:
    """The stored files that are not copied yet. One that is being written has no name yet and is left out."""
    for one in sorted(source.glob("??/??/*")):
        name = one.relative_to(source).as_posix()
        if name in there or not _STORED.fullmatch(name):
            continue
        try:
            data = one.read_bytes()
        except FileNotFoundError:  # its time was over just now
            continue
        place = to / name
        place.parent.mkdir(parents=True, exist_ok=True)
        _write(place, data)
        there[name] = crypto.fingerprint(data)


def _write(path: Path, data: str | bytes) -> None:
    with path.open("wb") as out:
        out.write(data.encode() if isinstance(data, str) else data)
        out.flush()
        os.fsync(out.fileno())


def _sha(path: Path) -> str:
    with path.open("rb") as read:
        return crypto.fingerprint(read)


@contextmanager
def _whole_or_nothing(folder: Path) -> Iterator[None]:
    """A new folder for its owner alone; gone again when what fills it fails."""
    try:
        folder.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        raise NotNow(
            f"{folder} 是上一次没有做完留下的，或另一次正在做。确认没有别的在做以后删掉它，再来一次。",
            f"{folder} is left from a run that was killed, or of one under way: delete it when there is none.",
        ) from None
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


# ---------------------------------------------------------------- looking at a backup, and putting it back


def check(source: Path) -> Manifest:
    """What this backup says of itself, after every part was compared with it. NotNow says what does not fit."""
    file = source / MANIFEST
    if not file.is_file():
        raise _refused(
            source, f"{file.name} 不在，不是一份做完的备份", f"there is no {file.name}: not a finished backup"
        )
    try:
        values: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        form = values.pop("form")
        found = Manifest(**values | {"at": datetime.fromisoformat(values["at"])})
    except (ValueError, KeyError, TypeError) as error:
        raise _refused(source, f"{file.name} 读不懂（{error}）", f"{file.name} cannot be read ({error})") from None
    if form != FORM:
        raise _refused(source, f"它的格式是 {form}，本程序认识 {FORM}", f"its form is {form}, ours {FORM}")
    parts = {copies.NAMES.get(found.dialect, ""), LIST}
    if not parts <= set(found.parts):
        raise _refused(source, "清单里没有数据库或文件表", "its manifest names no database or no list of files")
    for name, sha in found.parts.items():
        _compare(source, source / name, name, sha)
    lines = (source / LIST).read_text(encoding="utf-8").splitlines()
    if len(lines) != found.files:
        raise _refused(
            source, f"应有 {found.files} 个文件，文件表里是 {len(lines)} 个", "its list of files is not whole"
        )
    for line in lines:
        sha, _, name = line.partition("  ")
        if not _STORED.fullmatch(name):
            raise _refused(source, f"文件表里有不认识的名字“{name}”", f"its list names an unknown file {name!r}")
        _compare(source, source / "files" / name, f"files/{name}", sha)
    return found


def _compare(source: Path, file: Path, name: str, sha: str) -> None:
    if not file.resolve().is_relative_to(source.resolve()):
        raise _refused(source, f"清单里的 {name} 指到外面去了", f"{name} points outside of it")
    if not file.is_file():
        raise _refused(source, f"缺少 {name}", f"{name} is missing")
    if _sha(file) != sha:
        raise _refused(source, f"{name} 和清单里的校验值不符，已损坏或被改动", f"{name} does not fit its hash")


def _refused(source: Path, zh: str, en: str) -> NotNow:
    return NotNow(
        f"{source} 不能用来恢复：{zh}。什么都没有动。请换一份完好的备份。",
        f"{source} cannot be restored: {en}. Nothing was touched: take another backup.",
    )


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and how it stands."""

    manifest: Manifest
    settled: Settled
    verdict: audit.Verdict
    sealed: bool  # the newest seal of the backup is in the record


def restore(settings: Settings, source: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Restored:
    """Put a backup into this empty home folder and this empty database; nothing is touched unless all of it fits."""
    source = source.resolve()
    found = check(source)
    url = _place(settings)
    _fits(found, source, url)
    own = source / "keys" if found.with_keys else None
    _opens(found, settings.home, own)
    making = settings.home / ".restoring"
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.home.chmod(0o700)
    with _whole_or_nothing(making):
        for line in (source / LIST).read_text(encoding="utf-8").splitlines():
            name = line.partition("  ")[2]
            place = making / "files" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            _write(place, (source / "files" / name).read_bytes())
        (making / "files").mkdir(exist_ok=True)
        if ANCHOR in found.parts:
            (making / "files" / "anchor").mkdir()
            _write(making / "files" / "anchor" / "seals.jsonl", (source / ANCHOR).read_bytes())
        copied = source / copies.NAMES[found.dialect]
        # SQLite: in the folder beside, and in its place only when everything in it is settled.
        last = making / "hall.db"
        into = url.set(database=str(last)) if found.dialect == "sqlite" else url
        copies.put_back(copied, into)
        # Before anything looks at a seal or lays one: with no signing key in its place a new one would be made.
        if own is not None:
            _keys(own, settings.home / "keys")
        if SIGNERS in found.parts:
            _signers(source, settings.home / "keys" / "seal.known")
        database = connect(into.render_as_string(hide_password=False), files=making / "files")
        try:
            migrate.upgrade(database)
            with database.unit_of_work() as work:
                settled = restored.settle(work, backed_up_at=found.at, now=now())
            with database.reading() as work:
                verdict = inspection.inspect(work)
                sealed = (
                    not found.seal or work.session.scalar(select(Seal.id).where(Seal.hash == found.seal)) is not None
                )
        finally:
            database.close()
        os.rename(making / "files", settings.home / "files")
        if found.dialect == "sqlite":
            assert url.database
            _one_file(last)
            os.rename(last, url.database)
    shutil.rmtree(making, ignore_errors=True)
    return Restored(found, settled, verdict, sealed)


def recovered(settings: Settings, at: datetime, *, now: Callable[[], datetime]) -> tuple[Settled, audit.Verdict]:
    """A database that was brought back to a moment by other means (PostgreSQL's point in time), in its place already:
    what a restore settles is settled."""
    database = connect(settings.database_url or None, files=settings.home / "files")
    try:
        if migrate.current(database) is None:
            raise NotNow(
                "这里没有大厅的数据库。请核对 YIZHAN_HOME 和 YIZHAN_DATABASE_URL。",
                "There is no hall's database here: check YIZHAN_HOME and YIZHAN_DATABASE_URL.",
            )
        migrate.upgrade(database)
        with database.unit_of_work() as work:
            settled = restored.settle(work, backed_up_at=at, now=now())
        with database.reading() as work:
            return settled, inspection.inspect(work)
    finally:
        database.close()


def _keys(own: Path, to: Path) -> None:
    """The keys of the backup, beside those that are here already."""
    to.mkdir(mode=0o700, exist_ok=True)
    for one in sorted(one for one in own.rglob("*") if one.is_file()):
        place = to / one.relative_to(own)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            _write(place, one.read_bytes())
            place.chmod(0o600)


def _signers(source: Path, to: Path) -> None:
    """Whose signatures on the backup's seals are the hall's, beside those that are known here."""
    try:
        of_backup = keys.current().open((source / SIGNERS).read_bytes(), _OF_SIGNERS).decode().split()
    except crypto.NotOpened:
        raise _refused(
            source, f"{SIGNERS} 不是用数据密钥写的", f"{SIGNERS} was not written with the data key"
        ) from None
    to.parent.mkdir(mode=0o700, exist_ok=True)
    here = to.read_text(encoding="utf-8").split() if to.is_file() else []
    _write(to, "".join(f"{one}\n" for one in dict.fromkeys([*here, *of_backup])))
    to.chmod(0o600)


def _one_file(database: Path) -> None:
    """All of an SQLite database in its file, nothing beside it: it is about to get another name."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")


def _place(settings: Settings) -> Any:
    from sqlalchemy.engine import make_url

    return make_url(settings.database_url or f"sqlite:///{settings.home / 'hall.db'}")


def _fits(found: Manifest, source: Path, url: Any) -> None:
    dialect = "sqlite" if url.get_backend_name() == "sqlite" else "postgresql"
    if found.dialect != dialect:
        raise _refused(
            source,
            f"它是 {found.dialect} 的备份，现在设置的是 {dialect}；请按备份设置 YIZHAN_DATABASE_URL",
            f"it is of {found.dialect} and the settings name {dialect}: set YIZHAN_DATABASE_URL as it was",
        )
    if not migrate.known(found.revision):
        raise _refused(
            source,
            f"它的数据库版本是 {found.revision}，本程序只认识到 {migrate.head()}；请装上做备份的程序版本"
            f"（{found.program}）或更新的",
            f"its revision {found.revision} is newer than this program's {migrate.head()}: install the program that "
            f"made it ({found.program}) or a newer one",
        )
    if not copies.empty(url):
        raise NotNow(
            "要恢复到的数据库不是空的。什么都没有动。请建一个空的数据库，或换一个 YIZHAN_HOME。",
            "The database to restore into is not empty and nothing was touched: make an empty one, or name another "
            "home.",
        )


def _opens(found: Manifest, home: Path, own: Path | None) -> None:
    """The home folder is empty but for keys, and the key at hand is the backup's."""
    others = sorted(one.name for one in home.iterdir() if one.name != "keys") if home.is_dir() else []
    if others:
        raise NotNow(
            f"{home} 里已经有东西（{'、'.join(others[:5])}），恢复不覆盖任何东西，什么都没有动。请让 YIZHAN_HOME "
            "指向一个空的文件夹（里面可以先放好 keys）。",
            f"{home} is not empty ({', '.join(others[:5])}) and a restore overwrites nothing: let YIZHAN_HOME name an "
            "empty folder (it may hold keys).",
        )
    ring = None
    if keys.there():
        ring = keys.current()
    elif own is not None and (own / "data.key").is_file():
        keys.configure(keys.Keys.read((own / "data.key").read_bytes()))
        ring = keys.current()
    if ring is None:
        raise NotNow(
            f"没有数据密钥，恢复出来谁也读不了，什么都没有动。"
            f"请设置 YIZHAN_DATA_KEY，或把另存的密钥放到 {keys.file()}。",
            f"There is no data key and nothing was touched: set YIZHAN_DATA_KEY, or put the key that was kept apart at "
            f"{keys.file()}.",
        )
    try:
        right = ring.open(base64.b64decode(found.key_word), _ABOUT) == _WORD
    except ValueError:
        right = False
    if not right:
        raise NotNow(
            "手边的数据密钥打不开这份备份，什么都没有动。请核对 YIZHAN_DATA_KEY 或密钥文件是不是那个大厅的。",
            "The data key at hand does not open this backup and nothing was touched: is it the key of that hall?",
        )
