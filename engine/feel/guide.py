"""Writes docs/feel.md, the guide to FEEL, from the table of functions and the limits."""

from __future__ import annotations

from engine.feel.differences import SAMPLES
from engine.feel.parser import MAX_DEPTH, MAX_TEXT, MAX_TREE
from engine.feel.runtime import MAX_PATTERN_SECONDS, MAX_STEPS, MAX_STRING
from engine.feel.table import BUILT_INS, BuiltIn

_GROUPS = {
    "conversion": "转换 · Conversion",
    "boolean": "布尔 · Boolean",
    "string": "文本 · Strings",
    "list": "列表 · Lists",
    "number": "数字 · Numbers",
    "date": "日期时间 · Dates and times",
    "range": "区间 · Ranges",
    "context": "上下文 · Contexts",
    "ours": "一站增加的函数 · Functions of 一站",
}

_HEAD = """# FEEL

条件、赋值、期限、脚本、表单规则和决策表里的表达式都是 FEEL（OMG DMN 1.5 第 10 章）。
Conditions, assignments, due dates, scripts, form rules and decision tables are FEEL (OMG DMN 1.5, chapter 10).

    yizhan feel 'if 年龄 >= 60 then "减免" else "全额"' --context '{"年龄": 61}'
    yizhan feel --batch expressions.jsonl        # {"expr": ..., "context": ...} a line; a result a line

```python
from engine import feel

feel.evaluate("金额 * 0.1", {"金额": 1200})  # Decimal("120.0")
feel.unary_test("< 18, >= 60", 61)  # True
expression = feel.compile("申请人.年龄 >= 18")  # read once, kept; raises FeelError with the place and a hint
expression.names  # ("申请人",): the free names it reads; expression.reads has the paths, expression.tree the tree
env = feel.Env(now=now, calendar=calendar)  # the clock and the calendar come from the caller, never from the machine
expression.evaluate(context, env)  # wrong data is null and a line in env.warnings; nothing raises but a limit
```

## 要点 · What to know

| 写法 Written | 意思 Meaning |
|---|---|
| `申请人.年龄` | 取上下文里的值；对列表逐项取 · an entry; of a list, of each item |
| `名单[年龄 > 60]` `名单[1]` `名单[-1]` | 过滤；第几项（从 1 数，负数从末尾） · filter; position |
| `x in (1, 2, > 10)` `x in [1..10]` `x between 1 and 10` | 属于 · membership |
| `for x in 1..3 return x * x` | 循环；`partial` 是已得的结果 · iteration |
| `some x in l satisfies x > 1` `every …` | 有／都 · quantifiers |
| `{甲: 1, 乙: 甲 + 1}` | 上下文；后面的条目看得见前面的 · context |
| `function(a: number, b) a + b` | 函数 · function |
| `@"2026-07-01"` `@"P3D"` `@"09:00:00"` | 日期、时长、时刻 · literals |
| `x instance of list<number>` | 类型 · types |
| `=`，不是 `==`；`!=`；`and` `or` `not(…)` | 三值逻辑：缺数据时是空值 · three-valued logic |

- 名称可以有空格、汉字和运算符（如 `申请-审批`）：先看作用域里有没有这个名称，取最长的；`a - b` 两边有空格时仍是减法。
  Names may hold spaces, Chinese characters and operators: the longest name in scope wins; `a - b` with spaces \
subtracts.
- 数字是 34 位十进制（IEEE 754 decimal128），四舍六入五成双；0.1 + 0.2 = 0.3。
  Numbers are decimal, 34 digits, half to even.
- `time`、`date and time` 相等不看秒的小数；有时区的和没有时区的不相等、不可比大小。
  Equality of times does not see fractions of a second; local and zoned values are neither equal nor ordered.
- 年份可到 ±999999999，秒可到纳秒；超出 Python 的值用 `WideDate`、`WideDateTime`、`WideTime` 表示。
  Years to ±999999999, nanoseconds; what Python cannot hold is a `WideDate`, `WideDateTime` or `WideTime`.
- 外部（Java）函数不运行 Java：只有一张封闭的表，列出 java.lang.Math 等的纯函数；其余得空值。
  External functions run no Java: a closed table of pure functions answers, all else is null.
- JSON：整数写成整数，小数写成数（17 位），日期、时长写成 ISO 8601 文本，区间写成 FEEL 文本，函数为 null。
  JSON: numbers as numbers, dates and durations as ISO 8601 texts, ranges as FEEL texts, functions as null.
"""

_RUNTIME = """## 与 jdmn-python-runtime 的比较 · Weighed: jdmn-python-runtime

Goldman Sachs 的 jdmn-python-runtime 1.0.5.1（Apache-2.0）提供 FEEL 的类型和函数。量过以后没有采用：
We measured jdmn-python-runtime 1.0.5.1 and use none of it:

| 量什么（同一台机器，同一次） What | jdmn-python-runtime | 一站 ours |
|---|---|---|
| 导入（CPU） import | 0.30 s | 0.24 s（`regex` 用到才导入 imported on use） |
| 一次加法 one addition | 9.8 µs | 2.3 µs |
| `matches("foobar", "^fo*b")` | 610 µs（经 XPath 引擎 through an XPath engine） | 30 µs（整个表达式 the whole \
expression） |
| `date("2020-01-01")` | 5 µs | 24 µs（整个表达式 the whole expression） |
| `date("-0001-01-01")`、`date("999999999-12-31")`、`date and time("99999-12-31T11:22:33")` | 空值 null | 标准的结果 \
the standard's |
| `string(1E10)` | `1E+10` | `10000000000` |
| 数据有误时 wrong data | 打印调用栈 prints a stack trace | 空值和一条提醒 null and a warning |
| 步数、正则时间的限度 limits | 没有 none | 有 yes |
"""


def _row(entry: BuiltIn) -> str:
    signatures = "<br>".join(f"`{_signature(overload.signature)}`" for overload in entry.overloads)
    examples = "<br>".join(f"`{_cell(text)}` → `{_cell(value)}`" for text, value in entry.examples)
    mark = "" if entry.standard else "※ "
    return f"| {signatures} | {mark}{entry.zh}<br>{entry.en} | {examples} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _signature(signature: str) -> str:
    """`name(a: number, b: string or null)`, a parameter that may be missing as `b?`."""
    return signature.replace("|null", "").replace("|", " or ").replace(": any", "")


def text() -> str:
    """The whole guide, in Markdown."""
    out = [_HEAD]
    out.append("## 函数 · Functions\n")
    out.append(
        "※ 不在标准里 · not part of the standard. `b?` 可以不写 · may be missing. `list...` 也可逐个写 · also "
        "one by one.\n"
    )
    for group, title in _GROUPS.items():
        out.append(f"### {title}\n")
        out.append("| 写法 Signature | 说明 Meaning | 例 Example |\n|---|---|---|")
        out.extend(_row(entry) for entry in BUILT_INS.values() if entry.group == group)
        out.append("")
    out.append("## 限度 · Limits\n")
    out.append(
        "超过限度即停止并报错（代码 `limit`），不会拖住服务。\n"
        "Beyond a limit the expression stops with an error (code `limit`); it cannot hold up the service.\n"
    )
    out.append("| 什么 What | 限度 Limit |\n|---|---|")
    out.append(f"| 文本长度 length of the text | {MAX_TEXT} |")
    out.append(f"| 嵌套 nesting | {MAX_DEPTH} |")
    out.append(f"| 树的深度 depth of the tree | {MAX_TREE} |")
    out.append(f"| 一次计算的步数 steps of an evaluation | {MAX_STEPS} |")
    out.append(f"| 生成的文本 a text built | {MAX_STRING} |")
    out.append(f"| 正则表达式的时间 time of all patterns | {MAX_PATTERN_SECONDS} s |")
    out.append("")
    out.append("## 与浏览器的差别 · Differences of the browser's FEEL\n")
    out.append(
        "表单在浏览器里用 @bpmn-io/feelin 6。下列写法在那里另有结果（均经实测）；一站按标准，`yizhan check` 会提醒。\n"
        "Forms in the browser use @bpmn-io/feelin 6. These were measured to answer otherwise there; we follow "
        "the standard, "
        "and `yizhan check` warns.\n"
    )
    out.append("| 规则 Rule | 例 Example |\n|---|---|")
    out.extend(f"| {rule} | `{_cell(sample)}` |" for rule, sample in SAMPLES)
    out.append("")
    out.append(_RUNTIME)
    return "\n".join(out)
