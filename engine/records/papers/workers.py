"""The press: papers are rendered and signed in processes of their own, kept warm.

A page takes a tenth of a second of pure computing; in the web or worker process it would hold up everything else. A job
and its answer are plain values. A process that dies or hangs is replaced, and the job's caller is told to try again.

The processes are forked from one that has imported everything (a fork server): the second costs a third of the first's
start and shares its memory, and one that is replaced is back in half a second.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as Late
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Any

from engine import crypto
from engine.errors import NotNow
from engine.records.papers.filters import Copy
from engine.records.papers.kinds import library
from engine.records.papers.signing import Identity

#: What the fork server imports before it forks: where the time of a start goes.
PRELOAD = (
    "engine.records.papers.pages",
    "engine.records.papers.signing",
    "weasyprint",
    "segno",
    "fontTools.ttLib",
    "fontTools.pens.basePen",
    "pyhanko.sign.signers",
    "pyhanko.sign.fields",
    "pyhanko.pdf_utils.incremental_writer",
)

#: A process is replaced after that many papers, so that memory it cannot give back does not add up.
PAPERS_A_PROCESS = 500


@dataclass(frozen=True, slots=True)
class Job:
    """A paper to make. `paper` is the text of a paper file, or the key of a shared kind."""

    paper: str
    facts: Mapping[str, Any] = field(repr=False)
    check_code: str | None = None
    verify_url: str | None = None
    # {organ, kind, purpose, millimetres}; of several who sign jointly one each, who leads first
    seal: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    sample: bool = True
    copy: Copy | None = None
    archive: bool = False
    signed_at: datetime | None = None  # aware; None: leave unsigned
    reason: str = ""  # why it is signed, as a reader of PDF shows it: whose paper this is


@dataclass(frozen=True, slots=True)
class Made:
    """A finished paper."""

    pdf: bytes = field(repr=False)
    sha256: str  # of pdf: what the public page shows
    unsigned_sha256: str  # of the file before signing: the same facts give the same
    pages: int
    signed: bool


class PressFailed(NotNow):
    """Expected the press to finish a paper, but its process died or took too long. Try again."""

    slug = "press-failed"


_state: dict[str, Any] = {}


def _start(forms: Path | None, place: Path | None, identity: Identity | None) -> None:
    """In a new process: end with the parent, load fonts, style sheet and key."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()
    from engine.records.papers import pages, signing

    _state.update(forms=forms, place=place, signer=signing.signer(identity) if identity else None)
    pages.warm(forms, place)


def _ready() -> None:
    """Does nothing: a process that answers has loaded everything."""


def make(job: Job) -> Made:
    """Make one paper in this process."""
    from engine.records.papers import pages, signing

    forms, place = _state.get("forms"), _state.get("place")
    paper = job.paper if job.paper.startswith("---") else library(forms).kind(job.paper)
    done = pages.render(
        paper,
        job.facts,
        check_code=job.check_code,
        verify_url=job.verify_url,
        seal=job.seal,
        sample=job.sample,
        copy=job.copy,
        archive=job.archive,
        forms=forms,
        place=place,
    )
    by = _state.get("signer")
    if by is None or job.signed_at is None:
        return Made(done.pdf, done.sha256, done.sha256, done.pages, False)
    pdf = signing.sign(done.pdf, by, now=job.signed_at, reason=job.reason)
    return Made(pdf, crypto.fingerprint(pdf), done.sha256, done.pages, True)


class Press:
    """A few warm processes that make papers. Safe to share between threads; close it (or use `with`)."""

    def __init__(
        self,
        processes: int = 1,
        *,
        forms: Path | None = None,
        place: Path | None = None,
        identity: Identity | None = None,
        seconds: float = 30.0,
    ) -> None:
        """`identity` signs jobs that say `signed_at`; a job that takes longer than `seconds` is given up."""
        self.processes = processes
        self.seconds = seconds
        self.demo = identity is None or identity.demo
        self._arguments = (forms, place, identity)
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._starter: threading.Thread | None = None

    def __enter__(self) -> Press:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                context = multiprocessing.get_context("forkserver")
                context.set_forkserver_preload([*PRELOAD])
                self._pool = ProcessPoolExecutor(
                    self.processes,
                    mp_context=context,
                    initializer=_start,
                    initargs=self._arguments,
                    max_tasks_per_child=PAPERS_A_PROCESS,
                )
            return self._pool

    def start(self) -> None:
        """Start the processes now, so that the first paper does not wait for them. Comes back at once."""
        self._starter = threading.Thread(target=self._warm, name="press", daemon=True)
        self._starter.start()

    def _warm(self) -> None:
        pool = self._started()
        for _ in range(self.processes):
            pool.submit(_ready)

    def submit(self, job: Job) -> Future[Made]:
        """Queue a job; several run at once in the processes."""
        return self._started().submit(make, job)

    def render(self, job: Job) -> Made:
        """Make a paper and wait for it. Raises what `papers.render` raises, or PressFailed."""
        pool = self._started()
        try:
            return pool.submit(make, job).result(self.seconds)
        except (BrokenProcessPool, Late) as error:
            self._drop(pool)
            raise PressFailed(
                "文书生成进程中断或超时，请稍后重试；多次失败请联系管理员。",
                f"The process that makes papers died or took longer than {self.seconds:.0f} s; try again.",
            ) from error

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the processes; queued jobs are given up."""
        if self._starter is not None:
            self._starter.join()
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
