"""What a monitoring program asks: is the hall ready, and how does it do, in numbers. Nothing about a person.

One web process counts its own requests (threads serve them, not processes); what waits, failed or is late is counted in
the database when it is asked for.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from flask import Response, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from engine.reads import monitoring
from engine.records import jobs
from engine.store import migrate
from web import logs
from web.edge import Hall

#: A worker writes a beat every fifteen seconds.
SILENT = timedelta(minutes=1)
#: Bytes without which nothing can be stored safely.
NEEDED = 200_000_000
#: Seconds: a list, a form, a paper, what is too slow.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_HEAD = lru_cache(maxsize=1)(migrate.head)


def ready(app: Hall, *, now: datetime) -> dict[str, bool]:
    """What a hall needs to serve, each there or not. Three short statements."""
    found = dict.fromkeys(("database", "revision", "worker", "space"), False)
    found["space"] = shutil.disk_usage(app.settings.home if app.settings.home.is_dir() else "/").free > NEEDED
    try:
        found["revision"] = migrate.current(app.database) == _HEAD()
        with app.database.reading() as work:
            beat = monitoring.last_beat(work) if found["revision"] else None
            found["database"] = True
    except SQLAlchemyError:
        return found
    found["worker"] = beat is not None and now - beat <= SILENT
    return found


class Waiting(Collector):
    """The numbers of the database, counted when they are asked for."""

    def __init__(self, app: Hall) -> None:
        self._app = app

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return ()  # registering must not ask the database

    def collect(self) -> Iterable[GaugeMetricFamily]:
        now = self._app.clock()
        try:
            with self._app.database.reading() as work:
                due = monitoring.standing(work, now=now)
                beat, size = monitoring.last_beat(work), monitoring.database_bytes(work)
        except SQLAlchemyError:
            yield GaugeMetricFamily("yizhan_database_up", "1 when the database answers", value=0)
            return
        yield GaugeMetricFamily("yizhan_database_up", "1 when the database answers", value=1)
        waiting = GaugeMetricFamily("yizhan_jobs_waiting", "jobs that are due and not done", labels=["kind"])
        for kind, count in due.due:
            waiting.add_metric([kind], count)
        yield waiting
        for name, words, value in (
            ("jobs_failed", "jobs that were given up", due.jobs_failed),
            ("timers_late", "timers of diagrams that are due and not fired", due.timers_late),
            ("limits_late", "cases whose next warning is due", due.limits_late),
            (
                "notices_waiting",
                "notices that are due and not sent",
                due.waiting(jobs.Kind.SEND_NOTICE, jobs.Kind.SEND_CODE),
            ),
            ("notices_held", "notices that a restore held for a person's word", due.notices_held),
            ("papers_waiting", "papers that are not made yet", due.waiting(jobs.Kind.RENDER_PAPER)),
            ("incidents_open", "what waits for a person", due.incidents_open),
            ("database_bytes", "size of the database on the disk", size),
        ):
            yield GaugeMetricFamily(f"yizhan_{name}", words, value=value)
        if beat is not None:
            seconds = max(0.0, (now - beat).total_seconds())
            yield GaugeMetricFamily("yizhan_worker_silent_seconds", "since the last beat of any worker", value=seconds)


def begin(app: Hall) -> None:
    """Count every request by the pattern of its route, never by its address: that may hold a case's number."""
    registry = CollectorRegistry()
    registry.register(Waiting(app))
    labels = ("method", "route")
    requests = Counter("yizhan_requests", "requests by route and status", (*labels, "status"), registry=registry)
    seconds = Histogram("yizhan_request_seconds", "how long they took", labels, registry=registry, buckets=BUCKETS)
    app.extensions["measures"] = registry

    @app.after_request
    def ends(response: Response) -> Response:
        route = logs.route()
        method = request.method if request.method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS") else "other"
        requests.labels(method, route, response.status_code).inc()
        took = logs.took_s()
        if took is not None:
            seconds.labels(method, route).observe(took)
        return response


def text(app: Hall) -> bytes:
    """All of it, as Prometheus reads it."""
    registry: CollectorRegistry = app.extensions["measures"]
    return generate_latest(registry)
