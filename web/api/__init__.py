"""The interface for programs: /api/v1, described at /api/openapi.json. What a mini-program of the county calls."""

from types import ModuleType

from web.api import answers, applications, bookings, matters, papers, schedules, sessions, tasks
from web.api.declaring import pages

#: The modules that declare operations: a new one is named here.
MODULES: tuple[ModuleType, ...] = (sessions, matters, applications, tasks, papers, bookings, answers, schedules)

__all__ = ["MODULES", "pages"]
