"""FEEL, the expression language of DMN 1.5: read once, compiled to closures, evaluated often.

    >>> evaluate('if 年龄 >= 60 then "减免" else "全额"', {"年龄": 61})
    '减免'

Values: Decimal, str, bool, None, list, dict, date, time, datetime, DaysTimeDuration, YearsMonthsDuration, Range,
Function. Wrong data is null and a warning in `Env.warnings`; only an unreadable text and a limit raise `FeelError`.
"""

from __future__ import annotations

from engine.feel.dates import DaysTimeDuration, WideDate, WideDateTime, WideTime, YearsMonthsDuration
from engine.feel.differences import Difference, browser_differences
from engine.feel.errors import FeelError, Warning
from engine.feel.expression import Expression, Read, builtin_names, compile, compile_tests, evaluate, unary_test
from engine.feel.printer import print_tree
from engine.feel.runtime import Env
from engine.feel.values import Function, Range, admit, equal, from_json, kind_of, order, text_of, to_json

__all__ = [
    "DaysTimeDuration",
    "Difference",
    "Env",
    "Expression",
    "FeelError",
    "Function",
    "Range",
    "Read",
    "Warning",
    "WideDate",
    "WideDateTime",
    "WideTime",
    "YearsMonthsDuration",
    "admit",
    "browser_differences",
    "builtin_names",
    "compile",
    "compile_tests",
    "equal",
    "evaluate",
    "from_json",
    "kind_of",
    "order",
    "print_tree",
    "text_of",
    "to_json",
    "unary_test",
]
