"""What the studio calls things of a drawing, to people who do not draw."""

from __future__ import annotations

#: Which unit's post: as matter.yaml says it (engine.matters.nodes).
AT = {
    "village": "办件所在的村（社区）",
    "town": "办件所在的镇",
    "county": "县里",
    "office": "主管的单位",
    "intake": "收件的单位",
}
COMPARES = {"=": "等于", "!=": "不等于", ">": "大于", ">=": "不小于", "<": "小于", "<=": "不大于"}
FORKS = {"exclusiveGateway": "看情况走一条", "parallelGateway": "同时走", "inclusiveGateway": "合条件的都走"}
#: What the program does by itself, for the commonest effects; others are told by their element template.
EFFECTS = {
    "accept-case": "受理",
    "close-case": "办结",
    "send-notice": "发通知",
    "issue-paper": "出文书",
    "record": "记台账",
    "scriptTask": "计算",
    "businessRuleTask": "按决策表",
    "timer": "等到时候",
    "message": "等消息",
    "callActivity": "走另一个流程",
}
