"""docs/reference.md: every key of a matter's files, from the models the check holds them against. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from engine.deadlines import regimes
from engine.forms import CONTAINERS, INPUTS, STATIC
from engine.forms.kinds import CHECKS
from engine.matters import nodes, schema
from engine.matters.clauses import ClauseText
from engine.matters.gate.rules import RULES
from engine.matters.house import House, Paper
from engine.matters.info import Matter
from engine.matters.story_file import BondText, EntryText, OrderText, PersonText, RoomText, StoryText

_HEAD = """# 事项的文件：每一个键 · A matter's files: every key

> 本页由程序自己的表生成（`yizhan docs`），不要手改；测试保证它与程序一致。
> This page is made from the program's own tables (`yizhan docs`); a test keeps it in step.

一个事项是两个文件夹：`bpmn/<事项>/` 里有
matter.yaml（是什么）、process.bpmn（怎么办，见[流程图指南](dialect.md)）、决策表
（.dmn）、stories.yaml（例子）、en.yaml（英文）；`forms/<事项>/` 里有表单（.form）和自己的文书（.html）。写完运行
`yizhan check bpmn/<事项> --county 县的清单.yaml`，每一处错误都有行号、错在哪里、怎么改。

A matter is two folders: `bpmn/<matter>/` holds matter.yaml (what it is), process.bpmn (how it goes, see
[the designer's guide](dialect.md)), decisions (.dmn), stories.yaml (examples) and en.yaml (English); `forms/<matter>/`
holds its forms and its own papers. `yizhan check bpmn/<matter> --county FILE` names every fault with its line and cure.
"""

#: What the custom property of a form's field does.
FIELD_PROPERTIES = {
    "check": ("校验这个值，种类见下表", "checks the value; the kinds are below"),
    "signs": ("签名所签的字段，逗号分开", "the fields a signature signs, comma-separated"),
    "offers": (
        "选项由大厅给出：rooms 可预约的地点，villages、towns、offices、branches、committees 村、镇、部门、党组织、"
        "人民调解委员会（值是代码），parties 的角色，register:台账名 台账里的各条",
        "options the hall gives: rooms, villages, towns, offices, branches of the party or people's mediation "
        "committees (the value is the code), a role of parties, register:name the entries of a register",
    ),
    "within": (
        "offers 是台账时：只列办件所在的 village、town 里的（和县本级的）；申请表单没有办件，不限",
        "with a register: only what stands in the village or town of the case (or with the county itself)",
    ),
    "expired": (
        "offers 是台账时：true 也列过了有效期的，好重新核对",
        "with a register: true lists what has expired too, to be looked at again",
    ),
    "beside": (
        "offers 是台账时：名称后面还写哪几项，逗号分开；不能是个人信息",
        "with a register: which fields are read after the name, comma-separated; none about somebody",
    ),
    "newer_than": (
        "文件要比哪个时刻新（一项答案或变量，如 closed_at）：看相机记的拍摄时间，没有的看上传时间",
        "files must be newer than this moment (an answer or a variable, such as closed_at): as the camera says, "
        "else as they were handed in",
    ),
    "pattern_hint": ("格式不对时说应当怎么写", "what is said when the pattern does not fit"),
    "hint": ("签名框旁边的说明", "a word beside the box of a signature"),
}
#: What a check of a field asks for.
CHECK_KINDS = {
    "cn-id": (
        "公民身份号码（GB 11643）、港澳台居民居住证、外国人永久居留身份证、护照和通行证的号码，怎么写都认",
        "the number of an identity card, residence permit, permanent residence card, passport or travel permit",
    ),
    "cn-mobile": ("手机号码，11 位", "mobile number, 11 digits"),
    "cn-phone": ("手机或固定电话（带区号）", "mobile number, or fixed line with its area code"),
    "uscc": ("统一社会信用代码（GB 32100）", "unified social credit code"),
    "bank-card": ("银行卡号", "bank card number"),
    "isbn": ("书号（ISBN），13 位", "an ISBN of 13 digits; ten are written as thirteen"),
    "signature": ("屏幕上的手写签名", "a signature by hand on the screen"),
    "past": ("不晚于今天的日期", "a day not after today"),
}


def text(head: type[BaseModel], fact_set: type[BaseModel], house: House, sets: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole page. head, fact_set: the models of a paper's head and of facts.yaml; sets: what facts.yaml holds."""
    parts = [
        _HEAD,
        "## matter.yaml\n",
        *_models(Matter),
        _regimes(),
        "## stories.yaml\n\n一列故事，每个故事是一个例子，也是一个测试。A list of stories: each is an example, "
        "and a test.\n",
        *_models(StoryText),
        "写在故事前面的 · Above the stories: `people:`, `rooms:`, `entries:`, `bonds:`, `orders:`\n",
        *_models(PersonText),
        *_models(RoomText),
        *_models(EntryText),
        *_models(BondText),
        *_models(OrderText),
        "## clauses.yaml\n\n一列条款：每条规定靠哪个要素做到，哪个故事说明它。`yizhan stories --clauses` 把要素去掉，"
        "故事必须走不通。A list of clauses: what keeps each rule, and the story that shows it. `yizhan stories "
        "--clauses` takes the element out: the story must go otherwise.\n\n"
        "`without`：`process.bpmn#环节`，`名称.dmn#规则`，`名称.form#字段`，`名称.form#字段.validate.required`，"
        "`matter.yaml#键.键`，`_shared/名称.yaml#键.键`，`名称.html#标记`（文书里 `{# 标记 #}` 到 `{# /标记 #}` 之间 · "
        "in a paper between those marks）。一个办件的故事说明不了的，不写 `story`，写 `proved_by`：程序的哪个测试。"
        "Where no story of one case can show a rule, `proved_by` names a test of the program instead of `story`.\n",
        *_models(ClauseText),
        _english(),
        _forms(),
        _tasks(),
        _papers(head, fact_set, house, sets),
        _notices(house),
        _rules(),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _models(first: type[BaseModel]) -> list[str]:
    """A model and every model inside it, each once, in order."""
    waiting, seen, out = [first], set[str](), []
    while waiting:
        model = waiting.pop(0)
        if model.__name__ in seen:
            continue
        seen.add(model.__name__)
        rows = []
        for key, field in schema.fields(model).items():
            waiting += [one for one in _inside(field.annotation) if one.__name__ not in seen]
            zh, en = schema.about(field)
            kind = "<br>".join(dict.fromkeys(schema.written(field.annotation)))
            rows.append((f"`{key}`", kind, _default(field), _both(zh, en)))
        said = (model.__doc__ or "").strip().splitlines()[0]
        out.append(
            f"### {model.__name__}\n\n{said}\n\n"
            + _table(("键 · Key", "写什么 · What", "默认 · Default", "说明"), rows)
        )
    return out


def _inside(kind: Any) -> list[type[BaseModel]]:
    from typing import get_args

    found = list(schema.models_in(kind))
    for inner in get_args(kind):
        found += _inside(inner)
    return list(dict.fromkeys(found))


def _default(field: Any) -> str:
    if field.is_required():
        return "**必填 required**"
    value = field.default if field.default is not PydanticUndefined else None
    if isinstance(value, BaseModel) or value in (None, "", (), {}, []):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(str(one) for one in value)}]`"
    return f"`{value}`"


def _english() -> str:
    return (
        "## en.yaml\n\n`中文: English`，每行一条，中文照抄事项里的原文。事项里没有的中文是多余的，"
        "检查会指出来；共用的词在 "
        "`bpmn/_shared/en.yaml`。\n\nLines of Chinese: English, the Chinese as it stands in the matter's "
        "files. The check "
        "names lines that translate nothing; words many matters use stand in `bpmn/_shared/en.yaml`.\n"
    )


def _regimes() -> str:
    newest = {one.id: one for one in sorted(regimes(), key=lambda one: str(one.valid_from))}
    rows = [(f"`{one.id}`", _both(one.name, one.en), one.source) for _, one in sorted(newest.items())]
    return (
        "### 时限制度 · Regimes of time limits\n\n`limits.regime` 写其中一个。不知道归哪一种的公共服务用 `service`："
        "只有县里的承诺，没有法定时限。\n\n"
        "What `limits.regime` may say. A public service that no law gives a limit is a `service`.\n\n"
        + _table(("id", "名称", "依据 · Source"), rows)
    )


def _forms() -> str:
    rows = [(f"`{name}`", _both(*FIELD_PROPERTIES[name])) for name in FIELD_PROPERTIES]
    kinds = [(f"`{name}`", _both(*CHECK_KINDS[name])) for name in (*CHECKS, "signature", "past")]
    return (
        "## 表单 · Forms\n\nform-js 的表单（Camunda Modeler 或 bpmn.io 的表单编辑器）。文字里可以用 `{{…}}` "
        "读表单自己的字段和办件的"
        "内容，例如标签 `送给{{receiver.name}}`；步骤隐藏的内容读不到。\n\nForms of form-js. Texts may read "
        "the form's own fields "
        "and what the case holds, such as the label `{{receiver.name}}`; what the step hides cannot be read.\n\n"
        "### 部件 · Components\n\n别的种类检查时拒绝。Any other type is refused by the check.\n\n"
        + _table(
            ("用途 · Use", "`type`"),
            [
                ("填内容的 · hold an answer", "、".join(f"`{one}`" for one in sorted(INPUTS))),
                ("装别的部件的 · hold others", "、".join(f"`{one}`" for one in sorted(CONTAINERS))),
                ("只给人看的 · only show", "、".join(f"`{one}`" for one in sorted(STATIC))),
            ],
        )
        + "\n`filepicker` 是上传文件。`filepicker` takes files.\n\n### 字段的 properties · Properties of a field\n\n"
        + _table(("属性 · Property", "作用"), rows)
        + "\n### check 的种类 · Kinds of check\n\n"
        + _table(("种类 · Kind", "校验什么"), kinds)
    )


def _tasks() -> str:
    lines = [line for line in (nodes.__doc__ or "").splitlines() if line[:1].isalpha() and "  " in line]
    rows = []
    for line in lines:
        name, _, said = line.partition(" ")
        if name in nodes.PROPERTIES:
            rows.append((f"`{name}`", said.strip()))
    operations = ", ".join(f"`{one}`" for one in nodes.OPERATIONS)
    return (
        "## 任务的 properties · Properties of a task\n\n在流程图里任务的扩展属性（zeebe:properties）里写。"
        "Extension properties of a "
        "task in the diagram.\n\n" + _table(("属性 · Property", "作用"), rows) + f"\n`operations`: {operations}\n"
    )


def _papers(
    head: type[BaseModel], fact_set: type[BaseModel], house: House, sets: Mapping[str, Mapping[str, Any]]
) -> str:
    out = [
        "## 文书 · Papers\n\n`forms/<事项>/<种类>.html` 或 `forms/_shared/papers/<种类>.html`：两行 `---` "
        "之间是说明，下面是 Jinja 模板。"
        "模板里读的每个名称都要在说明里声明。名叫 `…_on` 的是日期，`…_at` 的是带时区的时间，`…[]` 是列表。"
        "\n\nBetween two lines of "
        "`---` the head, below it a Jinja template. Every name the template reads is declared in the head. "
        "`…_on` is a date, "
        "`…_at` a time with its offset, `…[]` a list.\n",
        *_models(head),
        *_models(fact_set),
        "### 共用的内容组 · Shared sets of facts\n\n"
        + _table(
            ("组 · Set", "必须有 · Needed", "有就印 · If there"),
            [(f"`{name}`", _paths(one.get("facts")), _paths(one.get("optional"))) for name, one in sets.items()],
        ),
        "### 共用的文书 · Shared papers\n\n大厅总会给出的内容不用写。What the hall always gives need not be given.\n\n"
        + _table(
            ("种类 · Kind", "标题", "流程图要给的内容 · Facts the diagram gives"),
            [(f"`{one.key}`", one.title, _needs(one, house)) for one in (house.papers or {}).values()],
        ),
        "### 大厅总会给出的内容 · What the hall always gives\n\n"
        + ", ".join(f"`{path}`" for path in house.facts)
        + "\n",
    ]
    return "\n".join(out)


def _needs(paper: Paper, house: House) -> str:
    return "、".join(f"`{path}` {label}" for path, label in paper.required.items() if path not in house.facts)


def _paths(facts: Any) -> str:
    return "、".join(f"`{path}` {label}" for path, label in (facts or {}).items())


def _notices(house: House) -> str:
    rows = [(f"`{name}`", ", ".join(f"`{{{one}}}`" for one in facts) or "–") for name, facts in house.notices.items()]
    return (
        "## 通知里的名称 · Names in notices\n\n每条通知都可以用 Every notice may use: "
        + ", ".join(f"`{{{name}}}`" for name in house.said)
        + "；流程图里输入 `facts` 给出的也可以用。and what the input `facts` gives.\n\n大厅自己发的通知，"
        "事项可以自己写内容："
        "The hall sends these itself; a matter may word them:\n\n" + _table(("通知 · Notice", "另有 · Also"), rows)
    )


def _rules() -> str:
    rows = [(f"`{rule}`", zh, en) for rule, (zh, en) in RULES.items()]
    return "## 检查的规则 · Rules of the check\n\n" + _table(("规则 · Rule", "查什么", "What it finds"), rows)


def _cell(said: str) -> str:
    return said.replace("|", "\\|").replace("\n", " ")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _both(zh: str, en: str) -> str:
    return f"{zh}<br>{en}" if zh and en else zh or en
