"""A diagram of Camunda 7, Flowable, Activiti or yudao, as one of ours, with a report of every element that says it in
another way: what is kept, what is written otherwise, and what cannot be had. Nothing goes without a line.

    adopted = adopt(source, "jiaxin")        adopted.drawing, adopted.forms, adopted.groups, adopted.lines
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lxml import etree

from engine.drawing import laying
from engine.drawing.graph import extensions, kind
from engine.drawing.juel import NotFeel, feel, is_expression
from engine.drawing.text import BPMN, BPMNDI, DC, DI, XSI, ZEEBE, Drawing, Element, Unreadable

#: Namespaces of the engines whose words are understood here.
FOREIGN = {
    "http://camunda.org/schema/1.0/bpmn": "Camunda 7",
    "http://activiti.org/bpmn": "Activiti",
    "http://flowable.org/bpmn": "Flowable",
}
_PREFIXES = {"bpmn": BPMN, "bpmndi": BPMNDI, "dc": DC, "di": DI, "zeebe": ZEEBE, "xsi": XSI}
#: Attributes of those engines that say how a job is run there; here every step is one transaction anyway.
_ITS_OWN = frozenset(
    (
        "async",
        "asyncBefore",
        "asyncAfter",
        "exclusive",
        "jobPriority",
        "taskPriority",
        "historyTimeToLive",
        "versionTag",
    )
    + ("isStartableInTasklist", "candidateStarterGroups", "candidateStarterUsers", "modelerTemplate", "localScope")
)
#: Who applied, as those files call them.
_APPLICANT = frozenset(("initiator", "applyUserId", "applyUser", "startUserId", "starter", "INITIATOR", "applicant"))
#: What people are named by in yudao (candidateStrategy).
_STRATEGIES = {
    "10": "角色",
    "20": "部门",
    "21": "部门负责人",
    "22": "岗位",
    "30": "用户",
    "40": "用户组",
    "60": "表达式",
}
#: Words in the name of a program -> the effect that most likely takes its place.
_EFFECTS = (
    (("mail", "sms", "notice", "notify", "message", "通知", "短信"), "send-notice"),
    (("pdf", "paper", "document", "print", "文书", "证"), "issue-paper"),
    (("archiv", "归档"), "archive-case"),
    (("remind", "urge", "催"), "remind"),
    (("close", "finish", "end", "办结"), "close-case"),
    (("accept", "受理"), "accept-case"),
    (("save", "insert", "update", "record", "log", "登记"), "record"),
)
GROUP = "窗口"
_SCOPES = tuple(f"{{{BPMN}}}{what}" for what in ("subProcess", "transaction", "adHocSubProcess"))
Outcome = Literal["kept", "changed", "cannot"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report."""

    element: str
    name: str
    outcome: Outcome
    zh: str
    en: str


@dataclass(slots=True)
class Adopted:
    """What became of a foreign diagram."""

    drawing: bytes = b""
    forms: dict[str, bytes] = field(default_factory=dict)  # file name -> content
    groups: list[str] = field(default_factory=list)  # names that matter.yaml has to explain
    lines: list[Line] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)  # user tasks

    def count(self, outcome: Outcome) -> int:
        return sum(line.outcome == outcome for line in self.lines)


def adopt(source: bytes, matter: str) -> Adopted:
    """Unreadable: it is no BPMN, or has no process."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        if b"<!DOCTYPE" in source or b"<!ENTITY" in source:
            raise Unreadable("流程图里有 DTD，不能打开。", "The drawing has a DTD and is not opened.")
        root = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("这不是完整的 XML。", f"This is no whole XML ({error}).") from None
    if root.tag != f"{{{BPMN}}}definitions":
        raise Unreadable("这不是 BPMN 2.0 文件。", "This is no file of BPMN 2.0.")
    return _Adopting(root, matter).done()


class _Adopting:
    def __init__(self, root: Element, matter: str) -> None:
        self.matter, self.out = matter, Adopted()
        self.initiators = set(_APPLICANT)
        for start in root.iter(f"{{{BPMN}}}startEvent"):
            self.initiators |= {v for k, v in start.attrib.items() if etree.QName(k).localname == "initiator"}
        self.root: Element = etree.Element(f"{{{BPMN}}}definitions", nsmap=_PREFIXES)
        for key, value in root.attrib.items():
            if not etree.QName(key).namespace:
                self.root.set(key, value)
        if not self.root.get("targetNamespace"):
            self.root.set("targetNamespace", "https://example.org/bpmn")
        self.names = {one.get("id"): one.get("name") or one.get("id") for one in root.iter() if _is(one)}
        for child in root:
            self.copy(child, self.root)

    # ------------------------------------------------------------ the whole

    def done(self) -> Adopted:
        processes = list(self.root.iterfind(f"{{{BPMN}}}process"))
        if not processes:
            raise Unreadable("文件里没有流程。", "There is no process in the file.")
        runs = [one for one in processes if one.get("isExecutable") != "false"] or processes
        main = max(runs, key=len)
        self.rename(main.get("id", ""), self.matter)
        main.set("isExecutable", "true")
        for other in processes:
            if other is not main and other.get("isExecutable") != "false" and len(other) == 0:
                other.set("isExecutable", "false")  # a pool that is drawn closed
        for process in self.root.iterfind(f"{{{BPMN}}}process"):
            for scope in [process, *process.iter(*_SCOPES)]:
                self.ways(scope)
        self.missing()
        self.forms_of(main)
        laying.lay(self.root)
        etree.indent(self.root, "  ")
        text: bytes = etree.tostring(self.root, xml_declaration=True, encoding="UTF-8")
        Drawing(text, self.matter)  # it can be opened
        self.out.drawing = text
        return self.out

    def ways(self, scope: Element) -> None:
        """A gateway whose ways ask nothing asks whoever did the step before."""
        flows = [one for one in scope if kind(one) == "sequenceFlow"]
        for gateway in [one for one in scope if kind(one) in ("exclusiveGateway", "inclusiveGateway")]:
            id_ = _id(gateway)
            out = [flow for flow in flows if flow.get("sourceRef") == id_]
            bare = [
                f
                for f in out
                if f.find(f"{{{BPMN}}}conditionExpression") is None and f.get("id") != gateway.get("default")
            ]
            if len(out) < 2 or not bare:
                continue
            if not gateway.get("default"):
                gateway.set("default", bare.pop().get("id"))
            variable = re.sub(r"\W", "_", id_)
            variable = f"{variable}_way" if variable[0].isalpha() else f"way_{variable}"
            for n, flow in enumerate(bare, 1):
                words = (flow.get("name") or f"{n}").strip().replace('"', "”")
                made = etree.SubElement(flow, f"{{{BPMN}}}conditionExpression")
                made.text = f'={variable} = "{words}"'
            zh = f"各条路没有写条件：先由前一步的人选（{variable}），最后一条是其余的"
            self.say(id_, "changed", zh, f"its ways had no conditions: the step before chooses ({variable})")

    def missing(self) -> None:
        """What an element refers to and the file has not."""
        ids = {one.get("id") for one in self.root.iter() if _is(one)}
        processes = {one.get("id") for one in self.root.iterfind(f"{{{BPMN}}}process")}
        for one in list(self.root.iter()):
            what = kind(one)
            if what == "errorEventDefinition" and one.get("errorRef") and one.get("errorRef") not in ids:
                self.made("error", one, "errorRef", one.get("errorRef"), {"errorCode": one.get("errorRef")})
                ids.add(one.get("errorRef"))
            listens = what == "messageEventDefinition" and not kind(one.getparent()).endswith(
                ("endEvent", "ThrowEvent")
            )
            if (listens or what == "receiveTask") and not one.get("messageRef"):
                name = re.sub(r"[^A-Za-z0-9_-]", "-", f"{_id(one)}-message")
                self.made("message", one, "messageRef", name, {"name": name})
                zh, en = f"没有写等什么消息，先叫“{name}”", f"no message was named: it is called {name}"
                self.say(_id(one), "changed", zh, en)
            if what == "timerEventDefinition" and not any(kind(child).startswith("time") for child in one):
                etree.SubElement(one, f"{{{BPMN}}}timeDuration").text = "P1D"
                self.say(_id(one), "cannot", "没有写时间，先写成 1 天", "no time was given: one day for now")
            if what == "conditionalEventDefinition" and not len(one):
                etree.SubElement(one, f"{{{BPMN}}}condition").text = "=false"
                self.say(_id(one), "cannot", "没有写条件，先写成 false", "no condition was given: it is false for now")
            if what == "callActivity":
                called = one.find(f".//{{{ZEEBE}}}calledElement")
                if called is not None and called.get("processId") not in processes:
                    name = called.get("processId") or "（没有写）"
                    _note(one, f"原来调用的流程：{name}")
                    loop = one.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
                    inside = one.find(f"{{{BPMN}}}extensionElements")
                    for old in (loop, inside):
                        if old is not None:
                            one.remove(old)
                    one.tag = f"{{{BPMN}}}task"
                    zh = f"调用的流程“{name}”不在这份文件里，先当作空的一步；它是另一个事项的，用效果 run-child-case"
                    en = (
                        f"the process {name!r} is not in this file: the step is passed; use run-child-case for a matter"
                    )
                    self.say(_id(one), "cannot", zh, en)

    def made(self, what: str, one: Element, key: str, id_: str, more: dict[str, str]) -> None:
        """A message or an error of the file, that an element may refer to."""
        element = etree.Element(f"{{{BPMN}}}{what}", id=id_)
        for name, value in more.items():
            element.set(name, value)
        if what == "message":
            keyed = etree.SubElement(
                etree.SubElement(element, f"{{{BPMN}}}extensionElements"), f"{{{ZEEBE}}}subscription"
            )
            keyed.set("correlationKey", "=number")
        self.root.insert(0, element)
        one.set(key, id_)

    def rename(self, old: str, new: str) -> None:
        for one in self.root.iter():
            if not isinstance(one.tag, str):
                continue
            for key in ("id", "bpmnElement", "processRef"):
                if one.get(key) == old and (key != "id" or kind(one) == "process"):
                    one.set(key, new)
        if old != new:
            self.say(
                new, "changed", f"流程的编号“{old}”改成事项的代号“{new}”", f"the process {old!r} is called {new!r}"
            )

    def say(self, element: str, outcome: Outcome, zh: str, en: str) -> None:
        self.out.lines.append(Line(element, str(self.names.get(element) or element), outcome, zh, en))

    # ------------------------------------------------------------ one element

    def copy(self, one: Element, parent: Element) -> None:
        if not isinstance(one.tag, str):
            return
        name = etree.QName(one)
        if name.namespace not in (BPMN, BPMNDI, DC, DI, ZEEBE):
            if name.namespace not in FOREIGN:  # what a tool drew for itself
                self.say(
                    _id(one.getparent()),
                    "cannot",
                    f"“{name.localname}”不认识，没有带来",
                    f"{name.localname} is unknown",
                )
            return
        made = etree.SubElement(parent, one.tag)
        made.text = one.text
        said: dict[str, str] = {}
        for key, value in one.attrib.items():
            attribute = etree.QName(key)
            if attribute.namespace in FOREIGN:
                said[attribute.localname] = value
            elif attribute.namespace == XSI:  # the name of a type: its prefix is another one here
                made.set(key, f"bpmn:{value.rpartition(':')[2]}")
            elif not attribute.namespace:
                made.set(key, value)
            elif name.namespace == BPMN:
                zh, en = f"“{attribute.localname}”不认识，没有带来", f"{attribute.localname} is unknown"
                self.say(_id(one), "cannot", zh, en)
        inside = one.find(f"{{{BPMN}}}extensionElements")
        extra = [x for x in inside if _is(x) and etree.QName(x).namespace in FOREIGN] if inside is not None else []
        for child in one:
            if kind(child) == "extensionElements":
                for x in child:  # what is ours is kept; what the engines say is looked at below
                    if _is(x) and etree.QName(x).namespace not in {*FOREIGN, ZEEBE}:
                        zh, en = (
                            f"“{etree.QName(x).localname}”不认识，没有带来",
                            f"{etree.QName(x).localname} is unknown",
                        )
                        self.say(_id(one), "cannot", zh, en)
                if not any(_is(x) and etree.QName(x).namespace == ZEEBE for x in child):
                    continue
            self.copy(child, made)
        self.meant(made, said, extra)

    def meant(self, one: Element, said: dict[str, str], extra: list[Element]) -> None:
        id_ = _id(one)
        for key in list(said):
            if key in _ITS_OWN:
                zh, en = f"“{key}”不需要：每一步本来就是一个事务", f"{key} is not needed: each step is one transaction"
                self.say(id_, "changed", zh, en)
                del said[key]
        if (handle := _HANDLERS.get(kind(one))) is not None:
            handle(self, one, said, extra)
        self.listeners(id_, extra)
        self.mapped(one, extra)
        for key, value in said.items():
            if key not in ("initiator",):
                self.say(id_, "cannot", f"“{key}={value[:60]}”没有带来", f"{key}={value[:60]!r} is left out")
            else:
                zh = f"发起人“{value}”就是申请人（applicant）"
                self.say(id_, "changed", zh, f"the initiator {value!r} is the applicant")
        for x in extra:
            zh, en = f"“{etree.QName(x).localname}”没有带来", f"{etree.QName(x).localname} is left out"
            self.say(id_, "cannot", zh, en)

    # ------------------------------------------------------------ who works at it, and how

    def user_task(self, one: Element, said: dict[str, str], extra: list[Element]) -> None:
        id_ = _id(one)
        self.out.steps.append(id_)
        inside = extensions(one)
        who = etree.SubElement(inside, f"{{{ZEEBE}}}assignmentDefinition")
        self.person(id_, who, said, "assignee")
        self.people(id_, who, said, "candidateUsers")
        self.people(id_, who, said, "candidateGroups")
        strategy, given = _taken(said, extra, "candidateStrategy"), _taken(said, extra, "candidateParam")
        if strategy:
            group = f"{_STRATEGIES.get(strategy, '候选策略' + strategy)}{given}"
            self.group(who, group)
            zh = f"“{group}”写成候选岗位，请在 groups 里写明是哪个岗位"
            self.say(id_, "changed", zh, f"{group} is a group now: say in groups which post it is")
        if not who.attrib:
            self.group(who, GROUP)
            self.say(id_, "changed", f"没有写谁来办，先给“{GROUP}”", f"nobody was named: {GROUP} does it for now")
        schedule = {key: said.pop(key) for key in ("dueDate", "followUpDate") if said.get(key)}
        if schedule:
            at = etree.SubElement(inside, f"{{{ZEEBE}}}taskSchedule")
            for key, value in schedule.items():
                if (text := self.moment(id_, value)) is not None:
                    at.set(key, text)
            if not at.attrib:
                inside.remove(at)
        priority = said.pop("priority", "")
        if priority.isdecimal():
            etree.SubElement(inside, f"{{{ZEEBE}}}priorityDefinition").set("priority", str(min(100, int(priority))))
            self.say(id_, "kept", f"优先级 {priority}", f"priority {priority}")
        elif priority:
            self.say(id_, "cannot", f"优先级“{priority}”是算出来的", f"the priority {priority!r} is computed")
        self.form(one, said, extra)

    def person(self, id_: str, who: Element, said: dict[str, str], key: str) -> None:
        value = said.pop(key, "").strip()
        if not value:
            return
        if not is_expression(value):
            who.set("assignee", value)
            zh, en = (
                f"办理人“{value}”照旧，请确认有这个账号",
                f"{value!r} does it still: see that there is this account",
            )
            self.say(id_, "kept", zh, en)
            return
        text = self.feel(id_, value)
        if text is None:
            return
        who.set("assignee", "applicant" if text in self.initiators else f"={text}")
        self.say(id_, "changed", f"办理人“{value}”写成“{who.get('assignee')}”", f"{value} is {who.get('assignee')}")

    def people(self, id_: str, who: Element, said: dict[str, str], key: str) -> None:
        value = said.pop(key, "").strip()
        if not value:
            return
        if is_expression(value):
            text = self.feel(id_, value)
            if text is not None:
                who.set(key, f"={text}")
                self.say(id_, "changed", f"“{value}”写成“={text}”", f"{value} is ={text}")
            return
        names = [part.strip() for part in value.split(",") if part.strip()]
        if key == "candidateUsers":
            who.set(key, ",".join(names))
            self.say(
                id_,
                "kept",
                f"候选人“{value}”照旧，请确认有这些账号",
                f"{value!r} may do it still: see that they are there",
            )
            return
        for group in names:
            self.group(who, group)
        zh = f"候选组“{value}”写成候选岗位，请在 groups 里写明是哪个岗位"
        self.say(id_, "changed", zh, f"{value!r} are groups: say in groups which posts they are")

    def group(self, who: Element, name: str) -> None:
        name = re.sub(r"[^\w\u4e00-\u9fff-]+", "_", name).strip("_") or GROUP
        known = [part for part in who.get("candidateGroups", "").split(",") if part]
        who.set("candidateGroups", ",".join(dict.fromkeys([*known, name])))
        if name not in self.out.groups:
            self.out.groups.append(name)

    def form(self, one: Element, said: dict[str, str], extra: list[Element]) -> None:
        id_ = _id(one)
        keys = [said.pop(key) for key in ("formKey", "formRef", "formId") if said.get(key)]
        for key in ("formRefBinding", "formRefVersion", "formType", "formFieldValidation"):
            said.pop(key, None)
        fields: list[dict[str, Any]] = []
        for x in list(extra):
            if etree.QName(x).localname in ("formData", "formProperty"):
                extra.remove(x)
                fields += [
                    part
                    for f in ([x] if etree.QName(x).localname == "formProperty" else x)
                    if (part := _field(f, len(fields)))
                ]
        slug = re.sub(r"[^a-z0-9]+", "-", id_.lower()).strip("-") or f"step-{len(self.out.steps)}"
        form = f"{self.matter}-{slug}"
        etree.SubElement(extensions(one), f"{{{ZEEBE}}}formDefinition").set("formId", form)
        one.set("_form", json.dumps([form, f"{slug}.form", fields]))
        if keys:
            zh = f"表单“{keys[0]}”在原来的系统里，这里先给一份“{form}”，请照着画"
            self.say(
                id_, "cannot", zh, f"the form {keys[0]!r} is in the other system: {form} stands for it, draw it anew"
            )
        elif fields:
            self.say(
                id_, "changed", f"{len(fields)} 个字段写成表单“{form}”", f"{len(fields)} fields are the form {form}"
            )
        else:
            self.say(id_, "changed", f"没有表单，先给一份“{form}”", f"there was no form: {form} stands for it")

    def forms_of(self, process: Element) -> None:
        """The forms, with what the ways after each step ask."""
        flows = list(self.root.iter(f"{{{BPMN}}}sequenceFlow"))
        for one in self.root.iter(f"{{{BPMN}}}userTask"):
            form, file, parts = json.loads(one.attrib.pop("_form"))
            after = {f.get("targetRef") for f in flows if f.get("sourceRef") == one.get("id")} | {one.get("id")}
            asked = [(f.findtext(f"{{{BPMN}}}conditionExpression") or "") for f in flows if f.get("sourceRef") in after]
            known = {part["key"] for part in parts}
            for name, values in _asked(asked).items():
                if name not in known and name not in self.initiators:
                    parts.append(_asking(name, values, len(parts)))
            if not parts:
                note = re.sub(r"\W", "_", one.get("id")) + "_note"
                parts.append({"type": "textarea", "id": "p0", "key": note, "label": "办理情况"})
            text = {"type": "default", "id": form, "schemaVersion": 19, "components": parts}
            self.out.forms[file] = (json.dumps(text, ensure_ascii=False, indent=2) + "\n").encode()

    # ------------------------------------------------------------ what a program does

    def program(self, one: Element, said: dict[str, str], extra: list[Element], words: str) -> None:
        """It runs no Java: the step is passed, and the report says which effect to take."""
        fields = [x for x in extra if etree.QName(x).localname in ("field", "connector")]
        for x in fields:
            extra.remove(x)
        told = f"{words} {one.get('name', '')} " + " ".join(etree.tostring(x, encoding="unicode") for x in fields)
        effect = next((e for keys, e in _EFFECTS if any(k in told.lower() for k in keys)), "")
        zh, en = f"程序“{words}”不会运行，先当作空的一步", f"the program {words!r} does not run: the step is passed"
        if effect:
            zh, en = f"{zh}；多半该用效果 {effect}", f"{en}; most likely the effect {effect} takes its place"
        self.say(_id(one), "cannot", zh, en)
        _note(one, f"原来的程序：{words}")
        one.tag = f"{{{BPMN}}}task"

    def service_task(self, one: Element, said: dict[str, str], extra: list[Element]) -> None:
        words = " ".join(
            f"{key}={said.pop(key)}"
            for key in ("class", "delegateExpression", "expression", "type", "topic")
            if said.get(key)
        )
        said.pop("resultVariable", None) if not words else None
        self.program(one, said, extra, words or "（没有写）")

    def rule_task(self, one: Element, said: dict[str, str], extra: list[Element]) -> None:
        decision = said.pop("decisionRef", "")
        if not decision:
            self.service_task(one, said, extra)
            return
        called = etree.SubElement(extensions(one), f"{{{ZEEBE}}}calledDecision")
        called.set("decisionId", decision)
        called.set("resultVariable", said.pop("resultVariable", "") or "result")
        for key in ("decisionRefBinding", "decisionRefVersion", "mapDecisionResult"):
            said.pop(key, None)
        zh = f"决策“{decision}”照旧，把它的 .dmn 一起放进来；结果的形状按这里的规则"
        self.say(_id(one), "changed", zh, f"the decision {decision!r} is called still: bring its .dmn")

    def script_task(self, one: Element, said: dict[str, str], extra: list[Element]) -> None:
        script = one.find(f"{{{BPMN}}}script")
        text = (script.text or "").strip() if script is not None else ""
        result, language = said.pop("resultVariable", ""), one.attrib.pop("scriptFormat", "")
        for key in ("autoStoreVariables", "resource"):
            said.pop(key, None)
        if script is not None:
            one.remove(script)
        if language.lower() in ("juel", "feel") and result:
            said_feel = text.lstrip("=") if language.lower() == "feel" else self.feel(_id(one), text)
            if said_feel is not None:
                made = etree.SubElement(extensions(one), f"{{{ZEEBE}}}script")
                made.set("expression", f"={said_feel}")
                made.set("resultVariable", result)
                self.say(_id(one), "changed", f"脚本写成“={said_feel}”", f"the script is ={said_feel}")
                return
        _note(one, f"原来的脚本（{language}）：{text[:2000]}")
        one.tag = f"{{{BPMN}}}task"
        zh = f"{language or ''}脚本不会运行，原文写在说明里；能算出来的，改成脚本任务的 FEEL"
        self.say(_id(one), "cannot", zh, "the script does not run, its text is in the documentation: say it in FEEL")

    def call(self, one: Element, said: dict[str, str], extra: list[Element]) -> None:
        called = one.attrib.pop("calledElement", "")
        for key in list(said):
            if key.startswith(("calledElement", "inheritVariables", "inheritBusinessKey", "businessKey")):
                said.pop(key)
        inside = extensions(one)
        etree.SubElement(inside, f"{{{ZEEBE}}}calledElement").set("processId", called)
        pairs = [x for x in extra if etree.QName(x).localname in ("in", "out")]
        if pairs:
            maps = etree.SubElement(inside, f"{{{ZEEBE}}}ioMapping")
            for x in sorted(pairs, key=lambda x: etree.QName(x).localname == "out"):
                extra.remove(x)
                source, target = x.get("source") or x.get("sourceExpression") or "", x.get("target") or ""
                text = self.feel(_id(one), source) if is_expression(source) else source
                if text and target:
                    put = "input" if etree.QName(x).localname == "in" else "output"
                    pair = etree.SubElement(maps, f"{{{ZEEBE}}}{put}")
                    pair.set("source", f"={text}")
                    pair.set("target", target)
            if not len(maps):
                inside.remove(maps)
        zh = f"调用“{called}”：它要在同一份文件里，或者改成另开一件"
        self.say(_id(one), "changed", zh, f"it calls {called!r}, which must be in the same file, or open a case")

    # ------------------------------------------------------------ ways, times, many

    def flow_condition(self, one: Element, said: dict[str, str], extra: list[Element]) -> None:
        text, flow = (one.text or "").strip(), _id(one.getparent())
        language = one.attrib.pop("language", "")
        said.pop("resource", None)
        if text.startswith("="):
            return
        found = self.feel(flow, text) if is_expression(text) and not language else None
        if found is None:
            if language or not is_expression(text):
                zh = f"条件“{text[:80]}”是脚本，先写成 false"
                self.say(flow, "cannot", zh, f"the condition {text[:80]!r} is a script: it is false for now")
            _note(one.getparent(), f"原来的条件：{text[:1000]}")
            one.text = "=false"
            return
        one.text = f"={found}"
        self.say(flow, "changed", f"条件“{text}”写成“={found}”", f"{text} is ={found}")

    def event_condition(self, one: Element, said: dict[str, str], extra: list[Element]) -> None:
        text, id_ = (one.text or "").strip(), _id(one)
        found = self.feel(id_, text) if is_expression(text) else None
        if found is not None:
            one.text = f"={found}"
            self.say(id_, "changed", f"条件“{text}”写成“={found}”", f"{text} is ={found}")

    def completion(self, one: Element, said: dict[str, str], extra: list[Element]) -> None:
        if kind(one.getparent()) == "adHocSubProcess":
            self.event_condition(one, said, extra)

    def timer(self, one: Element, said: dict[str, str], extra: list[Element]) -> None:
        text, id_ = (one.text or "").strip(), _id(one.getparent().getparent())
        said.pop("endDate", None)
        if is_expression(text):
            found = self.feel(id_, text)
            if found is not None:
                one.text = f"={found}"
                self.say(id_, "changed", f"时间“{text}”写成“={found}”", f"{text} is ={found}")
            return
        if re.fullmatch(r"[\d*/,?LW# -]+(?: [\w*/,?#-]+){4,6}", text) and not text.startswith(("R", "P")):
            zh = f"cron“{text}”这里没有：改成 R/P1D 这样的重复，或者用事项的定期"
            self.say(id_, "cannot", zh, f"there is no cron here ({text!r}): write R/P1D or a schedule of the matter")
            one.text = "R/P1D"
            return
        self.say(id_, "kept", f"时间“{text}”", f"the time {text!r}")

    def several(self, one: Element, said: dict[str, str], extra: list[Element]) -> None:
        id_ = _id(one.getparent())
        loop = etree.Element(f"{{{ZEEBE}}}loopCharacteristics")
        many = one.find(f"{{{BPMN}}}loopCardinality")
        collection, element = said.pop("collection", ""), said.pop("elementVariable", "")
        reference = one.find(f"{{{BPMN}}}loopDataInputRef")
        item = one.find(f"{{{BPMN}}}inputDataItem")
        if reference is not None and not collection:
            collection = (reference.text or "").strip()
        if item is not None and not element:
            element = item.get("name") or item.get("id") or ""
        for old in (many, reference, item):
            if old is not None:
                one.remove(old)
        over = ""
        if collection:
            over = (self.feel(id_, collection) or "[]") if is_expression(collection) else collection
        elif many is not None:
            count = (many.text or "1").strip()
            over = f"for i in 1..{self.feel(id_, count) or 1 if is_expression(count) else count} return i"
        loop.set("inputCollection", f"={over or '[]'}")
        loop.set("inputElement", element or "item")
        extensions(one).append(loop)
        ends = one.find(f"{{{BPMN}}}completionCondition")
        if ends is not None:
            text = (ends.text or "").strip()
            found = self.feel(id_, text) if is_expression(text) else None
            if found is None:
                one.remove(ends)
                self.say(
                    id_, "cannot", f"提前结束的条件“{text[:80]}”没有带来", f"the condition {text[:80]!r} is left out"
                )
            else:
                ends.text = f"={found}"
        zh, en = f"多实例按“={over or '[]'}”一个一个来", f"one for each of ={over or '[]'}"
        self.say(id_, "changed", zh, en)

    # ------------------------------------------------------------ the rest

    def listeners(self, id_: str, extra: list[Element]) -> None:
        for x in list(extra):
            name = etree.QName(x).localname
            if name not in ("executionListener", "taskListener", "eventListener"):
                continue
            extra.remove(x)
            does = next((x.get(k) for k in ("class", "delegateExpression", "expression") if x.get(k)), "脚本")
            event = x.get("event", "")
            told = f"{does} {etree.tostring(x, encoding='unicode')}".lower()
            effect = next((e for keys, e in _EFFECTS if any(k in told for k in keys)), "")
            zh = f"监听（{event}）“{does}”没有带来：画成一步，用{'效果 ' + effect if effect else '合适的效果'}"
            fits = effect or "an effect that fits"
            en = f"the listener ({event}) {does!r} is left out: draw it as a step, with {fits}"
            self.say(id_, "cannot", zh, en)

    def mapped(self, one: Element, extra: list[Element]) -> None:
        """camunda:inputOutput as zeebe:ioMapping."""
        for x in [x for x in extra if etree.QName(x).localname == "inputOutput"]:
            extra.remove(x)
            inside = extensions(one)
            maps = inside.find(f"{{{ZEEBE}}}ioMapping")
            maps = maps if maps is not None else etree.SubElement(inside, f"{{{ZEEBE}}}ioMapping")
            for pair in x:
                if not _is(pair):
                    continue
                name, text = pair.get("name", ""), (pair.text or "").strip()
                found = None if len(pair) else self.feel(_id(one), text)
                put = "input" if etree.QName(pair).localname == "inputParameter" else "output"
                if found is None or not name:
                    zh = f"变量“{name}”的值是脚本或清单，没有带来"
                    self.say(_id(one), "cannot", zh, f"the value of {name!r} is a script or a list")
                    continue
                made = etree.SubElement(maps, f"{{{ZEEBE}}}{put}")
                made.set("source", f"={found}")
                made.set("target", name)
                self.say(_id(one), "changed", f"变量“{name}”写成“={found}”", f"{name} is ={found}")
            if not len(maps):
                inside.remove(maps)

    def moment(self, id_: str, value: str) -> str | None:
        if is_expression(value):
            found = self.feel(id_, value)
            return None if found is None else f"={found}"
        if value.startswith("P"):
            self.say(id_, "changed", f"期限“{value}”写成从现在算起", f"the limit {value!r} counts from now")
            return f'=now() + duration("{value}")'
        self.say(id_, "kept", f"期限“{value}”", f"the limit {value!r}")
        return value

    def feel(self, id_: str, text: str) -> str | None:
        try:
            return feel(text)
        except NotFeel as refusal:
            self.say(id_, "cannot", refusal.zh.rstrip("。"), refusal.en.rstrip("."))
            return None


#: Element -> who says it as it is said here: of the element, its words of the other engine, and what stands inside.
_HANDLERS: Mapping[str, Callable[[_Adopting, Element, dict[str, str], list[Element]], None]] = {
    "userTask": _Adopting.user_task,
    "serviceTask": _Adopting.service_task,
    "sendTask": _Adopting.service_task,
    "businessRuleTask": _Adopting.rule_task,
    "scriptTask": _Adopting.script_task,
    "callActivity": _Adopting.call,
    "conditionExpression": _Adopting.flow_condition,
    "condition": _Adopting.event_condition,
    "completionCondition": _Adopting.completion,
    "timeDuration": _Adopting.timer,
    "timeDate": _Adopting.timer,
    "timeCycle": _Adopting.timer,
    "multiInstanceLoopCharacteristics": _Adopting.several,
}


def _is(one: Element) -> bool:
    return isinstance(one.tag, str)


def _id(one: Element | None) -> str:
    """The nearest id: what stands inside an element is told at it."""
    while one is not None:
        if one.get("id"):
            return str(one.get("id"))
        one = one.getparent()
    return ""


def _note(one: Element, text: str) -> None:
    made = etree.Element(f"{{{BPMN}}}documentation")
    made.text = text
    one.insert(0, made)


def _taken(said: dict[str, str], extra: list[Element], name: str) -> str:
    """An attribute, or an element of this name."""
    if name in said:
        return said.pop(name)
    for x in list(extra):
        if etree.QName(x).localname == name:
            extra.remove(x)
            return (x.text or x.get("value") or "").strip()
    return ""


def _field(one: Element, n: int) -> dict[str, Any] | None:
    """One field of a form of those engines."""
    if not _is(one) or not one.get("id"):
        return None
    kinds = {"long": "number", "int": "number", "integer": "number", "double": "number", "boolean": "checkbox"}
    kinds |= {"enum": "select", "date": "datetime"}
    part: dict[str, Any] = {"type": kinds.get(one.get("type", ""), "textfield"), "id": f"p{n}", "key": one.get("id")}
    part["label"] = one.get("label") or one.get("name") or one.get("id")
    if part["type"] == "select":
        values = [v for v in one if _is(v) and etree.QName(v).localname == "value"]
        part["values"] = [{"label": v.get("name") or v.get("id"), "value": v.get("id")} for v in values] or [
            {"label": "是", "value": "yes"}
        ]
    if part["type"] == "datetime":
        part |= {"subtype": "date", "dateLabel": part.pop("label")}
    if one.get("required") == "true":
        part["validate"] = {"required": True}
    return part


def _asked(conditions: list[str]) -> dict[str, list[str]]:
    """What conditions compare a name with: name -> values as FEEL writes them."""
    found: dict[str, list[str]] = {}
    for text in conditions:
        body = text.strip().removeprefix("=")
        for name, value in re.findall(
            r"(?<![\w.])([A-Za-z_]\w*) (?:=|!=|[<>]=?) (\"[^\"]*\"|true|false|-?[\d.]+)", body
        ):
            found.setdefault(name, [])
            if value not in found[name]:
                found[name].append(value)
        alone = re.fullmatch(r"(?:not\()?([A-Za-z_]\w*)\)?", body)
        if alone and alone[1] not in ("true", "false", "null"):
            found.setdefault(alone[1], ["true"])
    return found


def _asking(name: str, values: list[str], n: int) -> dict[str, Any]:
    """A part of a form that asks what a condition needs."""
    part: dict[str, Any] = {"id": f"p{n}", "key": name, "label": name}
    if all(value.startswith('"') for value in values):
        options = [json.loads(value) for value in values]
        options += ["其他"] if len(options) == 1 else []
        part |= {"type": "radio", "values": [{"label": one, "value": one} for one in options]}
        part["validate"] = {"required": True}
    elif values and set(values) <= {"true", "false"}:
        part["type"] = "checkbox"
    else:
        part |= {"type": "number", "validate": {"required": True}}
    return part
