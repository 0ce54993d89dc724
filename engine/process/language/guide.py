"""Writes docs/dialect.md, the designer's guide, from the tables the reader, the engine and the linter use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any

import yaml

from engine.process.language import dialect, semantics
from engine.process.language.effects import AWAIT, TRIAL, TYPES, EffectKind
from engine.process.language.other_engines import INSTEAD, INSTEAD_OF_ELEMENTS

_STATE = {
    "runs": "✅ 运行",
    "drawn": "▫️ 只是图面",
    "passed over": "⚠️ 不起作用",
    "refused": "⛔ 拒绝",
}

_HEAD = """# 画流程图的指南 · The designer's guide

> 本页由程序自己的表生成（`yizhan docs`），不要手改；测试保证它与程序一致。
> This page is made from the program's own tables (`yizhan docs`); a test keeps it in step.

一张流程图就是一个事项：图上画什么，系统就办什么。图用免费的 Camunda Modeler（新建时选 **Camunda \
8**）或系统里的流程设计器画，
是标准的 BPMN 2.0；条件、时间、脚本都写 FEEL。系统能正确运行的才收下，不能的在检查时用白话告诉您是哪个要素、该怎么改。

A drawing is a matter: what is drawn is what happens. Draw in the free Camunda Modeler (new diagram: **Camunda 8**) or \
in
the designer of this system. It is plain BPMN 2.0; conditions, times and scripts are FEEL. What the engine can run \
rightly
is accepted; what it cannot is refused by the check, in plain words, with the element and what to do.

## 三步上手 · Three steps

1. **画** Draw: 把 `bpmn/_templates/` 的文件放进 Modeler 的 `resources/element-templates` \
文件夹，任务的属性面板里就能直接选
   “签发文书”“发送通知”“暂停时限”等。Put the files of `bpmn/_templates/` into the Modeler's
   `resources/element-templates`: the panels of a task then offer 签发文书, 发送通知, 暂停时限 and the rest.
2. **查** Check: `yizhan check bpmn/我的事项`
3. **试** Try: `yizhan play bpmn/我的事项/process.bpmn --input '{"年龄": 66}'`，时间是虚拟的，一秒走完三十天。
   Time is virtual: thirty days pass in a second.

### 一张小图 · A small drawing

受理后由窗口审核；3 个工作日没审完就催办；同意则发文书办结。
The window reviews; after 3 working days it is reminded; when agreed a paper is issued.

```xml
<bpmn:process id="demo" name="示例" isExecutable="true">
  <bpmn:startEvent id="start" name="收件" />
  <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="review" />
  <bpmn:userTask id="review" name="审核">
    <bpmn:extensionElements>
      <zeebe:formDefinition formId="review" />
      <zeebe:assignmentDefinition candidateGroups="window" />
      <zeebe:taskSchedule dueDate="=workdays(3)" />
    </bpmn:extensionElements>
  </bpmn:userTask>
  <bpmn:boundaryEvent id="late" name="超过 3 个工作日" attachedToRef="review" cancelActivity="false">
    <bpmn:timerEventDefinition><bpmn:timeDuration>=workdays(3)</bpmn:timeDuration></bpmn:timerEventDefinition>
  </bpmn:boundaryEvent>
  <bpmn:sequenceFlow id="f2" sourceRef="late" targetRef="remind" />
  <bpmn:serviceTask id="remind" name="催办">
    <bpmn:extensionElements><zeebe:taskDefinition type="remind" /></bpmn:extensionElements>
  </bpmn:serviceTask>
  <bpmn:sequenceFlow id="f3" sourceRef="remind" targetRef="reminded" />
  <bpmn:endEvent id="reminded" />
  <bpmn:sequenceFlow id="f4" sourceRef="review" targetRef="agreed" />
  <bpmn:exclusiveGateway id="agreed" name="同意吗" default="f6" />
  <bpmn:sequenceFlow id="f5" name="同意" sourceRef="agreed" targetRef="paper">
    <bpmn:conditionExpression>=decision = "同意"</bpmn:conditionExpression>
  </bpmn:sequenceFlow>
  <bpmn:sequenceFlow id="f6" name="不同意" sourceRef="agreed" targetRef="refused" />
  <bpmn:endEvent id="refused" />
  <bpmn:serviceTask id="paper" name="发办结单">
    <bpmn:extensionElements>
      <zeebe:taskDefinition type="issue-paper" />
      <zeebe:taskHeaders><zeebe:header key="kind" value="completion" /></zeebe:taskHeaders>
    </bpmn:extensionElements>
  </bpmn:serviceTask>
  <bpmn:sequenceFlow id="f7" sourceRef="paper" targetRef="done" />
  <bpmn:endEvent id="done" />
</bpmn:process>
```
"""

_VALUES = """## 变量 · Variables

- 变量是 JSON：文字、数（十进制，不丢精度）、真假、列表、对象；日期写成 ISO 文字，拿来算以前先写 `date(…)`，时刻写
  `date and time(…)`：`=date(published_until) + @"P1D"`、`=date(run.period.from).month`。不写就得空值。声明里的（`who`、
  `price`、`schedules` 的 `answers`）不用写，那里读到的已经是日期。
  Variables are JSON: text, decimal numbers, true and false, lists, contexts. Dates are ISO text: write `date(…)`, of a
  moment `date and time(…)`, before reckoning with one, else the result is null. In declarations they are dates already.
- **输入映射**造出只在这个活动里看得见的变量；**输出映射**把结果写回外层。用户任务没有输出映射时，表单填的内容全部写回。
  **Input mappings** make variables seen only inside the activity; **output mappings** write back. Without output
  mappings, what a form or an answer brings is written back whole.
- 输入映射从上到下算，上面一行造出的变量盖住办件里同名的：先写 `trade` 再写 `=trade.number`，读到的是
  上面那一行的（检查会提醒）。
  Inputs are taken from top to bottom, and a variable made by one line hides the case's of that name from the next.
- 以 `=` 开头的是 FEEL，否则是固定文字：`=amount * 2` 和 `窗口`。
  With `=` it is FEEL, without it plain text.
- 变量名可以是中文：`=年龄 >= 60`。Names may be Chinese.
"""

_AFTER = """## 出了错怎么办 · When something goes wrong

- **业务错误**：活动抛出错误代码，由同一活动或外层的错误边界事件、事件子流程接住。脚本、决策、服务都能抛。
  **Business errors** carry a code and are caught by an error boundary event or event sub-process, here or further out.
- **故障**：没有人接住的错误、算不出的表达式、没有一条分支成立——办件停在原处，成为“故障”，由管理员改正原因后重试，
  已办的不丢。**Incidents**: an error nobody catches, an expression that cannot be evaluated, no branch that holds. The
  case stays where it is until a person mends the cause and retries.

## SpiffWorkflow 与本系统 · What SpiffWorkflow does, and what is ours

任务的一生（就绪、开始、完成、取消）、任务登记表和节点名册用的是 SpiffWorkflow；读图、检查、FEEL、网关、事件、循环、\
补偿、退回、
定时和存取状态是本系统自己的，因为它自己的 BPMN 部分会丢失令牌、读时钟、运行图里的 Python。所有接触它的代码在
`engine/process/machine/spiff.py` 一个文件里，用 3.1.2、锁定的版本和最新的 3.x 都跑过测试（`make spiff`）。
SpiffWorkflow gives the life of a task (ready, started, completed, cancelled), the registry of tasks and the list of
specs. Reading, checking, FEEL, gateways, events, loops, compensation, 退回, timers and the stored state are ours: its \
own
BPMN part loses tokens, reads the clock and runs Python from a drawing. All that touches it stands in
`engine/process/machine/spiff.py`, tested with 3.1.2, the locked version and the newest 3.x.
"""


def text() -> str:
    """The whole guide."""
    parts = [_HEAD, _elements(), _triggers(), _zeebe(), _VALUES, _set_by_engine(), _timers(), _effects(), _AFTER]
    parts += [_semantics(), _foreign(), _rules(), _miwg()]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _semantics() -> str:
    rules = [(what, _both(zh, en), clause) for what, zh, en, clause in semantics.RULES]
    exceptions = [(f"`{name}`", _both(zh, en)) for name, zh, en in semantics.EXCEPTIONS]
    return (
        "## 怎样运行 · How it runs\n\n"
        "标准留有余地或容易看错的地方,本系统这样运行(条款号指 ISO/IEC 19510)。"
        "Where the standard leaves a choice or is easily misread (clauses of ISO/IEC 19510).\n\n"
        + _table(("什么 · What", "怎样 · How", "条款 · Clause"), rules)
        + "\n### 例外 · Exceptions\n\n"
        "公开的 betsy 测试流程中,以下与其期望不同。Of the public betsy processes, these differ from what it "
        "expects.\n\n" + _table(("流程 · Process", "为什么 · Why"), exceptions)
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _both(zh: str, en: str) -> str:
    return f"{zh}<br>{en}" if zh and en else zh or en


def _elements() -> str:
    out = ["## 画什么 · What to draw", ""]
    out.append(
        "✅ 按 BPMN 2.0 运行（runs as BPMN 2.0 says）。▫️ 给人看的，不影响运行（a picture）。"
        "⚠️ 写了也不起作用，检查会提醒（no effect; the check warns）。⛔ 检查时拒绝（refused）。"
    )
    for group, (zh, en) in dialect.GROUPS.items():
        rows = [e for e in dialect.ELEMENTS.values() if e.group == group]
        out += ["", f"### {zh} · {en}", ""]
        out.append(
            _table(
                ("要素", "BPMN", "", "读什么、怎么做"),
                [(e.zh, f"`{e.name}`", _STATE[e.state], _both(e.note_zh, e.note_en)) for e in rows],
            )
        )
    return "\n".join(out)


def _triggers() -> str:
    places = (
        ("流程开始", dialect.START_OF_PROCESS),
        ("事件子流程开始", dialect.START_OF_EVENT_SUB_PROCESS),
        ("中间捕获", dialect.CATCH),
        ("中间抛出", dialect.THROW),
        ("边界", dialect.BOUNDARY),
        ("结束", dialect.END),
    )
    rows = []
    for name, element in dialect.ELEMENTS.items():
        if element.group == "trigger" and name.endswith("EventDefinition"):
            kind = name.removesuffix("EventDefinition")
            rows.append((f"{element.zh} {element.en}", *("●" if kind in allowed else "" for _, allowed in places)))
    return (
        "## 哪里能放哪种触发器 · Which trigger may stand where\n\n"
        + _table(("触发器", *(zh for zh, _ in places)), rows)
        + "\n错误和取消总是中断所在的活动；补偿在活动完成之后才会发生。"
        "Errors and cancels always interrupt; compensation comes after its activity is completed.\n"
    )


def _zeebe() -> str:
    rows = [(f"`zeebe:{name}`", attributes, _both(zh, en)) for name, attributes, zh, en in dialect.ZEEBE]
    refused = "、".join(f"`zeebe:{name}`（{zh}；{en}）" for name, (zh, en) in dialect.ZEEBE_REFUSED.items())
    return (
        "## 属性面板写进文件的内容 · What the properties panel writes\n\n"
        + _table(("元素", "属性", "作用"), rows)
        + f"\n拒绝 Refused: {refused}。\n"
    )


def _set_by_engine() -> str:
    rows = [(f"`{name}`", where, _both(zh, en)) for name, where, zh, en in dialect.VARIABLES]
    return "### 系统自己设的变量 · Set by the engine\n\n" + _table(("变量", "在哪里能读", "是什么"), rows)


def _timers() -> str:
    names = {"date": "时刻 date", "duration": "时长 duration", "cycle": "周期 cycle"}
    rows = [(names[kind], f"`{example}`", _both(zh, en)) for kind, example, zh, en in dialect.TIMERS]
    return (
        "## 时间 · Times\n\n"
        + _table(("种类", "写法", "意思"), rows)
        + "\n不带时区的时刻按北京时间。错过的周期一次不少地补上。cron 写法不支持。"
        "A time without a zone is Beijing time. Missed turns of a cycle are made up for. Cron is not supported.\n"
    )


def _effects() -> str:
    out = [
        "## 效果清单 · The closed list of effects",
        "",
        "服务任务和发送任务只能从这里选。流程只说“要什么”，写进同一次提交；由系统去做，重启也不会丢、不会做两遍。",
        "“等待”的效果做完才往下走，其余的交代了就往下走。",
        "Service and send tasks choose from this list. The process only says what it wants, in the same commit "
        "as the state; "
        "a worker does it once. Awaited effects hold the task until the answer comes.",
        "",
        (
            f"加一个 header `{AWAIT}` = `true`，任何效果都变成等待。The header `{AWAIT}` = `true` makes any effect "
            "awaited."
        ),
        "",
        f"`{TRIAL}…` 只用于试图：`yizhan play` 会报告它，正式的事项不能用。"
        f"Types that begin with `{TRIAL}` are for trying out only.",
        "",
        _table(
            ("名称", "type", "等待", "作用"),
            [(k.zh, f"`{k.type}`", "⏳" if k.awaited else "", _both(k.doc_zh, k.doc_en)) for k in TYPES.values()],
        ),
    ]
    for kind in TYPES.values():
        if kind.headers or kind.arguments or kind.results:
            out += [f"### {kind.zh} · `{kind.type}`", "", _effect(kind)]
    return "\n".join(out)


def _effect(kind: EffectKind) -> str:
    rows: list[tuple[str, str, str, str]] = []
    for header in kind.headers:
        choices = "；".join(f"`{value}` {zh}" for value, zh in header.choices)
        note = (f"默认 `{header.default}`。" if header.default else "") + choices
        rows.append(
            ("header", f"`{header.key}`" + (" **必填**" if header.required else ""), _both(header.zh, header.en), note)
        )
    for argument in kind.arguments:
        needed = " **必填**" if argument.required else ""
        rows.append(("input", f"`{argument.name}`{needed}", _both(argument.zh, argument.en), argument.kind))
    for result in kind.results:
        held = "、".join(f"`{one}`" for one in result.has)
        rows.append(
            (
                "结果 result",
                f"`{result.name}`",
                _both(result.zh, result.en),
                result.kind + (f"：{held}" if held else ""),
            )
        )
    errors = "、".join(f"`{code}` {zh}" for code, zh in kind.errors)
    return _table(("写在", "名称", "是什么", ""), rows) + (f"\n可能抛出的错误 Errors: {errors}\n" if errors else "")


def _foreign() -> str:
    rows = [(f"`camunda:{name}`", instead) for name, instead in INSTEAD.items()]
    rows += [(f"`<camunda:{name}>`", instead) for name, instead in INSTEAD_OF_ELEMENTS.items()]
    return (
        "## 从别的引擎搬来的图 · Drawings from other engines\n\n"
        "Camunda 7、Flowable、Activiti 的属性不会读取；会改变流程走向的检查时拒绝，其余只提醒。`flowable:`、"
        "`activiti:` 同理。"
        "`${amount > 5 && !done}` 请写成 `=amount > 5 and not(done)`，检查会给出草稿。\n\n"
        "Attributes of Camunda 7, Flowable and Activiti are not read. Those that change what happens are "
        "refused, the rest only "
        "warned about. The check drafts the FEEL for a `${…}`.\n\n" + _table(("原来的写法", "改为"), rows)
    )


def _rules() -> str:
    rows = [(f"`{rule}`", zh, en) for rule, (zh, en) in dialect.RULES.items()]
    return (
        "## 检查说的每一条 · What the check says\n\n"
        "`yizhan check 路径…` 退出码 1 表示有错误。错误：不能正确运行，或 BPMN 2.0 没有给它含义。警告：能运行，"
        "请再看一眼。"
        "同一条规则视情形可以是错误或警告。`--json` 给程序读，`--lang en` 出英文。\n\n"
        "Exit code 1 means an error: it cannot run right, or BPMN 2.0 gives it no meaning. A warning runs: "
        "look again.\n\n" + _table(("规则", "说的是", ""), rows)
    )


def measured() -> list[dict[str, Any]]:
    """The answers measured on the MIWG reference models (tests/check/test_miwg.py compares them)."""
    data: list[dict[str, Any]] = yaml.safe_load(
        resources.files("engine.process").joinpath("miwg.yaml").read_text("utf-8")
    )
    return data


def _miwg() -> str:
    rows = [
        (
            row["model"],
            "✅ 接受 accepted" if row["answer"] == "accepted" else "⛔ 拒绝 refused",
            str(row["errors"]),
            str(row["errors_when_executable"]),
            str(row["warnings"]),
            "" if row["answer"] == "accepted" else f"`{row['rule']}`：{row['says_zh']}<br>{row['says_en']}",
        )
        for row in measured()
    ]
    return (
        "## 附：公开参考模型 · The MIWG reference models\n\n"
        "OMG 模型交换工作组（bpmn-miwg-test-suite）的参考模型，逐个检查的结果。它们多是画给人看的图，"
        "没有设为可执行、没有指定消息或条件，"
        "所以被拒绝；每一个都指出要素和原因（这里列一个）。第四栏是把每个流程设为可执行后再查的错误数。\n\n"
        "The reference models of the OMG's Model Interchange Working Group, each checked as published. Most "
        "are drawn for reading: not "
        "executable, without messages or conditions. Each refusal names the element and the reason (one is "
        "shown). The fourth column "
        "counts the errors once every process is marked executable. C.9.0 to C.9.2 are checked together.\n\n"
        + _table(("模型", "回答", "错误", "设为可执行后的错误", "警告", "原因之一"), rows)
    )
