"""Matters: bpmn/ + forms/ -> frozen, checked packages; version = content hash. Pure."""

from engine.matters.county import County
from engine.matters.gate import check
from engine.matters.house import House
from engine.matters.info import Matter
from engine.matters.package import (
    NAME,
    BadDraft,
    BadMatter,
    Files,
    Package,
    Source,
    draft,
    from_zip,
    load,
    names,
    read,
    read_files,
    version_of,
    with_shared,
)

__all__ = [
    "BadDraft",
    "BadMatter",
    "County",
    "Files",
    "House",
    "Matter",
    "Package",
    "Source",
    "check",
    "NAME",
    "draft",
    "with_shared",
    "from_zip",
    "load",
    "names",
    "read",
    "read_files",
    "version_of",
]
