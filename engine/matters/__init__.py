"""Matters: bpmn/ + forms/ -> frozen, checked packages; version = content hash. Pure."""

from engine.matters.info import Matter
from engine.matters.lint import check
from engine.matters.package import BadMatter, Package, from_zip, load, names, read, read_files, version_of

__all__ = ["BadMatter", "Matter", "Package", "check", "from_zip", "load", "names", "read", "read_files", "version_of"]
