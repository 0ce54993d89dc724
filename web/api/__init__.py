"""The interface for programs: /api/v1, described at /api/openapi.json. What a mini-program of the county calls."""

from web.api.operations import pages

from . import answers, bookings, routes  # noqa: F401 - the modules register their operations

__all__ = ["pages"]
