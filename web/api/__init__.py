"""The interface for programs: /api/v1, described at /api/openapi.json. What a mini-program of the county calls."""

from types import ModuleType

from web.api import answers, applications, bookings, matters, papers, sessions, tasks, tickets
from web.api.declaring import pages

#: The modules that declare operations: a new one is named here.
MODULES: tuple[ModuleType, ...] = (sessions, matters, applications, tasks, papers, bookings, tickets, answers)

__all__ = ["MODULES", "pages"]
