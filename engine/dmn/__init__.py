"""Decisions: DMN 1.1 to 1.5 files read, checked and evaluated, with the rules that hit. Pure.

    model = dmn.load(source)
    result = model.evaluate("资格", {"年龄": Decimal(66)})
    result.value, result.hits, result.warnings

`check` looks for what a designer should mend: overlapping and missing rules, unknown names, wrong types.
"""

from engine.dmn.boxed import Hit
from engine.dmn.lint import check
from engine.dmn.model import Model, Result, Wanted, load

__all__ = ["Hit", "Model", "Result", "Wanted", "check", "load"]
