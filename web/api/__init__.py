"""The interface for programs: /api/v1, described at /api/openapi.json. What a mini-program of the county calls."""

import importlib
import pkgutil
from types import ModuleType

from web.api.declaring import pages

#: The modules that declare operations: every file of this room but the one that says how an operation is declared.
MODULES: tuple[ModuleType, ...] = tuple(
    importlib.import_module(f"web.api.{one.name}")
    for one in sorted(pkgutil.iter_modules(__path__), key=lambda one: one.name)
    if one.name != "declaring"
)

__all__ = ["MODULES", "pages"]
