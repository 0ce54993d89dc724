"""What the standard asks of parts that are only drawn here: data, item definitions, interfaces. They do not change a
run, so all of it is warnings; another tool may refuse the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.process.language import model as m
from engine.process.language.read import EVENT_DEFINITIONS, B, local
from engine.process.lint.ids import _Element
from engine.process.lint.page import Page

#: Where an event definition's own item comes from: its reference, and the attribute there that names the item.
_ITEM_OF = {
    "message": ("messageRef", "itemRef"),
    "signal": ("signalRef", "structureRef"),
    "error": ("errorRef", "structureRef"),
    "escalation": ("escalationRef", "structureRef"),
}


class _Data:
    """The file's elements by id, and when two of them hold the same kind of thing."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.by_id: dict[str, Any] = {}
        for element in page.root.iter(f"{B}*"):
            if element.get("id"):
                self.by_id.setdefault(element.get("id"), element)

    def get(self, reference: str | None) -> Any | None:
        return self.by_id.get(local(reference) or "")

    def item(self, element: Any | None) -> str | None:
        """The id of an element's item definition; through a data object reference, if it is one."""
        if element is None:
            return None
        if element.tag == B + "dataObjectReference":
            element = self.get(element.get("dataObjectRef"))
        elif element.tag == B + "dataStoreReference":
            element = self.get(element.get("dataStoreRef"))
        if element is None:
            return None
        return local(element.get("itemSubjectRef") or element.get("itemRef"))

    def differ(self, one: str | None, other: str | None) -> bool:
        """Two item definitions that are neither the same nor of the same structure."""
        if one == other:
            return False
        first, second = self.get(one), self.get(other)
        if first is None or second is None:
            return one is None or other is None
        structure = first.get("structureRef")
        return not structure or structure != second.get("structureRef")

    def collection(self, item: str | None) -> bool | None:
        element = self.get(item)
        return None if element is None else element.get("isCollection") in ("true", "1")

    def say(self, element: Any, zh: str, en: str) -> None:
        thing: Any = _Element(element)
        self.page.warn("data", thing, zh + "（不影响运行）", en + " (The run does not change.)")


def check_file(page: Page) -> None:
    """Data and interfaces of the whole file."""
    data = _Data(page)
    for element in page.root.iter(f"{B}*"):
        name = element.tag[len(B) :]
        if name == "ioSpecification":
            _specification(data, element)
        elif name in ("dataInputAssociation", "dataOutputAssociation"):
            _association(data, element)
        elif name == "callActivity":
            _call(data, element)
        elif name in ("serviceTask", "sendTask", "receiveTask"):
            _operation(data, element, name)
        elif name == "multiInstanceLoopCharacteristics":
            _multi_instance(data, element)
        elif name in m.EVENTS:
            _event(data, element)
        elif name == "ioBinding":
            _binding(data, element)
        elif name == "sequenceFlow" and element.get("isImmediate") in ("false", "0") and page.diagram.executable():
            data.say(
                element,
                "的 isImmediate 是 false，可执行的流程里不允许。请删去。",
                "has isImmediate false, which an executable process must not have. Remove it.",
            )
        if element.get("isCollection") is not None and element.get("itemSubjectRef"):
            said = data.collection(element.get("itemSubjectRef"))
            if said is not None and said != (element.get("isCollection") in ("true", "1")):
                data.say(
                    element,
                    "的 isCollection 与它的数据类型不一致。请改正其中之一。",
                    "says isCollection otherwise than its item definition. Mend one of them.",
                )
        if element.find(B + "supportedInterfaceRef") is not None and element.find(B + "ioBinding") is None:
            data.say(
                element,
                "声明了接口（supportedInterfaceRef），但没有 ioBinding。请补上或删去接口。",
                "supports an interface but has no ioBinding. Add one, or remove the interface.",
            )
    shared = {local("".join(e.itertext())) for e in page.root.iter(B + "eventDefinitionRef")}
    for name in ("endEvent", "intermediateThrowEvent"):
        for element in page.root.iter(B + name):
            for child in element:
                if (
                    isinstance(child.tag, str)
                    and child.tag[len(B) :] in EVENT_DEFINITIONS
                    and child.get("id") in shared
                ):
                    data.say(
                        element,
                        "自己的触发器又被别的事件引用。抛出事件的触发器不能共用，请各写各的。",
                        "has an event definition that another event refers to. A throw event's is its own: write two.",
                    )


def _refs(element: Any, name: str) -> Iterator[str]:
    for child in element.iterfind(B + name):
        yield local("".join(child.itertext())) or ""


def _specification(data: _Data, element: Any) -> None:
    owner = element.getparent()
    if owner.tag in (B + "subProcess", B + "transaction", B + "adHocSubProcess"):
        data.say(
            owner,
            "有 ioSpecification，子流程不允许有。请删去。",
            "has an ioSpecification, which a sub-process must not have. Remove it.",
        )
    for kind, sets, refs in (("dataInput", "inputSet", "dataInputRefs"), ("dataOutput", "outputSet", "dataOutputRefs")):
        used = {r for s in element.iterfind(B + sets) for r in _refs(s, refs)}
        for child in element.iterfind(B + kind):
            if child.get("id") not in used:
                data.say(
                    child,
                    f"没有列在任何 {sets} 里。请列入，或删去。",
                    f"stands in no {sets}. List it, or remove it.",
                )
        ways = (
            ("optionalInputRefs", "whileExecutingInputRefs")
            if kind == "dataInput"
            else ("optionalOutputRefs", "whileExecutingOutputRefs")
        )
        for one in element.iterfind(B + sets):
            listed = set(_refs(one, refs))
            for way in ways:
                for reference in set(_refs(one, way)) - listed:
                    data.say(
                        owner,
                        f"的 {way} 列了“{reference}”，它也必须列在同一个 {sets} 的 {refs} 里。",
                        f'lists "{reference}" in {way}; it must be in the {refs} of the same {sets} too.',
                    )
    inputs = {s.get("id"): s for s in element.iterfind(B + "inputSet") if s.get("id")}
    outputs = {s.get("id"): s for s in element.iterfind(B + "outputSet") if s.get("id")}
    for one, others, there, back in (
        (inputs, outputs, "outputSetRefs", "inputSetRefs"),
        (outputs, inputs, "inputSetRefs", "outputSetRefs"),
    ):
        for id, found in one.items():
            for reference in _refs(found, there):
                if reference in others and id not in set(_refs(others[reference], back)):
                    data.say(
                        owner,
                        f"的 {id} 以 {there} 指向 {reference}，但 {reference} 没有指回来。请让两边一致。",
                        (
                            f"has {id} name {reference} in {there}, but {reference} does not name it back. Make "
                            "them agree."
                        ),
                    )


def _association(data: _Data, element: Any) -> None:
    if element.find(B + "transformation") is not None:
        return
    sources = list(_refs(element, "sourceRef"))
    if len(sources) > 1:
        data.say(
            element,
            "有几个来源而没有转换。请只留一个来源，或写 transformation。",
            "has several sources and no transformation. Keep one, or write a transformation.",
        )
        return
    source, target = data.get(sources[0] if sources else None), data.get(next(_refs(element, "targetRef"), None))
    if source is None or target is None or element.find(B + "assignment") is not None:
        return
    one, other = data.item(source), data.item(target)
    if one is not None and other is not None and data.differ(one, other):
        data.say(
            element,
            "两端的数据类型不同，又没有转换。请让类型一致。",
            "joins two data types without a transformation. Make them agree.",
        )


def _io(owner: Any) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Inputs, outputs, input sets, output sets of an ioSpecification."""
    found = owner.find(B + "ioSpecification")
    if found is None:
        return [], [], [], []
    return tuple(found.findall(B + n) for n in ("dataInput", "dataOutput", "inputSet", "outputSet"))


def _call(data: _Data, element: Any) -> None:
    called = data.get(element.get("calledElement"))
    if called is None:
        return
    mine, theirs = _io(element), _io(called)
    if not any(mine) and not any(theirs):
        return
    for index, zh, en in (
        (0, "输入", "inputs"),
        (1, "输出", "outputs"),
        (2, "输入集", "input sets"),
        (3, "输出集", "output sets"),
    ):
        one, other = mine[index], theirs[index]
        wrong = len(one) != len(other)
        if not wrong and index < 2:
            left = [data.item(e) for e in other]
            for item in (data.item(e) for e in one):
                match = next((x for x in left if not data.differ(item, x)), "none")
                if match == "none":
                    wrong = True
                    break
                left.remove(match)
        if wrong:
            data.say(
                element,
                f"的{zh}与被调用流程的{zh}不一致。请让两边一致。",
                f"has other {en} than the process it calls. Make them agree.",
            )
            return


def _operation(data: _Data, element: Any, name: str) -> None:
    inputs, outputs, input_sets, output_sets = _io(element)
    operation = data.get(element.get("operationRef"))
    message = data.get(element.get("messageRef"))

    def many(found: list[Any], zh: str, en: str) -> None:
        if len(found) > 1:
            data.say(element, f"有 {len(found)} 个{zh}，最多一个。", f"has {len(found)} {en}; at most one is allowed.")

    def same(part: Any, other: Any | None, zh: str, en: str) -> None:
        if other is not None and data.differ(data.item(part), local(other.get("itemRef"))):
            data.say(
                part,
                f"的数据类型与{zh}不同。请让两边一致。",
                f"has another data type than {en}. Make them agree.",
            )

    if name == "serviceTask" and operation is not None:
        if len(input_sets) != 1 and element.find(B + "ioSpecification") is not None:
            data.say(
                element,
                f"引用了操作，必须恰好有一个输入集，现在有 {len(input_sets)} 个。",
                f"names an operation and needs exactly one input set; it has {len(input_sets)}.",
            )
        many(output_sets, "输出集", "output sets")
        for part in inputs:
            same(
                part,
                data.get(next(_refs(operation, "inMessageRef"), None)),
                "操作的输入消息",
                "the operation's input message",
            )
        for part in outputs:
            same(
                part,
                data.get(next(_refs(operation, "outMessageRef"), None)),
                "操作的输出消息",
                "the operation's output message",
            )
    elif name == "sendTask" and message is not None:
        many(input_sets, "输入集", "input sets")
        many(inputs, "数据输入", "data inputs")
        for part in inputs:
            same(part, message, "消息", "the message")
    elif name == "receiveTask" and message is not None:
        many(output_sets, "输出集", "output sets")
        many(outputs, "数据输出", "data outputs")
        for part in outputs:
            same(part, message, "消息", "the message")


def _multi_instance(data: _Data, element: Any) -> None:
    for reference, item in (("loopDataInputRef", "inputDataItem"), ("loopDataOutputRef", "outputDataItem")):
        name = next(_refs(element, reference), None)
        if name is None:
            continue
        whole, one = data.get(name), element.find(B + item)
        own = _io(element.getparent())[0 if reference == "loopDataInputRef" else 1]
        if whole is not None and whole not in own:
            data.say(
                element.getparent(),
                f"的 {reference} 指向的不是它自己的数据。请指向自己的。",
                f"names data in its {reference} that is not its own. Name its own.",
            )
        if whole is None or one is None:
            continue
        first, second = data.get(data.item(whole)), data.get(data.item(one))
        if second is None or first is None:
            continue
        if data.collection(second.get("id")) or first.get("structureRef") != second.get("structureRef"):
            data.say(
                one,
                "的类型应是集合里单个元素的类型。请改正。",
                "must have the type of one entry of the collection. Mend it.",
            )


def _event(data: _Data, element: Any) -> None:
    throws = element.tag in (B + "endEvent", B + "intermediateThrowEvent")
    parts = element.findall(B + ("dataInput" if throws else "dataOutput"))
    if not parts:
        return
    wanted: list[str | None] = []
    definitions = 0
    for child in element:
        kind = (
            EVENT_DEFINITIONS.get(child.tag[len(B) :])
            if isinstance(child.tag, str) and child.tag.startswith(B)
            else None
        )
        if kind not in _ITEM_OF:
            continue
        definitions += 1
        reference, attribute = _ITEM_OF[kind]
        target = data.get(child.get(reference))
        wanted.append(None if target is None else local(target.get(attribute)))
    if definitions > len(parts):
        data.say(
            element,
            f"有 {definitions} 个触发器，却只有 {len(parts)} 个数据。请一一对应。",
            f"has {definitions} event definitions but {len(parts)} data elements. Give each its own.",
        )
        return
    for part, item in zip(parts, wanted, strict=False):
        if item is not None and data.differ(data.item(part), item):
            data.say(
                part,
                "的数据类型与触发器的不同。请让两边一致。",
                "has another data type than its event definition. Make them agree.",
            )


def _binding(data: _Data, element: Any) -> None:
    operation = data.get(element.get("operationRef"))
    if operation is None:
        return
    for attribute, message in (("inputDataRef", "inMessageRef"), ("outputDataRef", "outMessageRef")):
        bound, carried = data.get(element.get(attribute)), data.get(next(_refs(operation, message), None))
        if carried is not None and data.differ(data.item(bound), local(carried.get("itemRef"))):
            data.say(
                element,
                f"的 {attribute} 与操作的消息类型不同。请让两边一致。",
                f"binds {attribute} of another type than the operation's message. Make them agree.",
            )
