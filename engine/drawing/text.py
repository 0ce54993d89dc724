"""A BPMN file as a tree that is written back as it was: what was not changed has the bytes that it had."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from lxml import etree

from engine.errors import NotNow

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

_OPENS = re.compile(rb"""<[^\s/>]+(?:[^>"']|"[^"]*"|'[^']*')*>""")

Element = Any  # lxml's own type is private


class Unreadable(NotNow):
    """Expected a BPMN file with one process, but it is none."""

    slug = "drawing-unreadable"


@dataclass(frozen=True, slots=True)
class _Was:
    """Where something stood in the source, and what it said."""

    begin: int
    opened: int  # after its first tag
    end: int
    attributes: dict[str, str]
    children: tuple[Element, ...]
    text: str | None
    tail: str | None


class Drawing:
    """The tree of a BPMN file (UTF-8) and the process in it that the matter begins with."""

    def __init__(self, source: bytes, main: str = "") -> None:
        self.source = source
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            if b"<!DOCTYPE" in source or b"<!ENTITY" in source:
                raise Unreadable("流程图里有 DTD，不能打开。", "The drawing has a DTD and is not opened.")
            source.decode("utf-8")
            self.root: Element = etree.fromstring(source, parser)
        except (etree.XMLSyntaxError, UnicodeDecodeError, ValueError) as error:
            zh, en = "流程图不是完整的 XML，请在文字里改好。", "The drawing is no whole XML: mend it as text."
            raise Unreadable(zh, f"{en} ({error})") from None
        self._was = self._spans()
        self._empty = b" />" if b" />" in source else b"/>"  # how this file closes what holds nothing
        processes = [p for p in self.root.iterfind(f"{{{BPMN}}}process") if p.get("isExecutable", "true") != "false"]
        mains = processes if len(processes) == 1 else [one for one in processes if one.get("id") == main]
        if len(mains) != 1:
            raise Unreadable(
                f"流程图里有 {len(processes)} 个可以运行的流程，看不出从哪个开始。请在画布上改。",
                f"There are {len(processes)} processes that run, and none says that it is the first: use the canvas.",
            )
        self.process: Element = mains[0]

    def _spans(self) -> dict[Element, _Was]:
        """Where each element and comment stands. The keys keep lxml's elements alive, so that they stay the same."""
        marks: list[list[int]] = []
        open_: list[list[int]] = []
        reader = expat.ParserCreate()

        def begin(_name: str, _attributes: object) -> None:
            at = reader.CurrentByteIndex
            found = _OPENS.match(self.source, at)
            assert found is not None
            mark = [at, found.end(), found.end()]
            marks.append(mark)
            open_.append(mark)

        def end(_name: str) -> None:
            mark = open_.pop()
            if not self.source[mark[0] : mark[1]].endswith(b"/>"):
                mark[2] = self.source.index(b">", reader.CurrentByteIndex) + 1

        def aside(closing: bytes) -> None:
            if open_:  # what stands beside the root is written as it is
                at = reader.CurrentByteIndex
                until = self.source.index(closing, at) + len(closing)
                marks.append([at, until, until])

        reader.StartElementHandler, reader.EndElementHandler = begin, end
        reader.CommentHandler = lambda _text: aside(b"-->")
        reader.ProcessingInstructionHandler = lambda _target, _data: aside(b"?>")
        reader.Parse(self.source, True)
        things = list(self.root.iter())
        assert len(things) == len(marks)
        return {
            thing: _Was(a, b, c, dict(thing.attrib), tuple(thing), thing.text, thing.tail)
            for thing, (a, b, c) in zip(things, marks, strict=True)
        }

    # ------------------------------------------------------------ writing

    def write(self) -> bytes:
        was = self._was[self.root]
        return self.source[: was.begin] + b"".join(self._written(self.root)) + self.source[was.end :]

    def _same(self, one: Element) -> bool:
        was = self._was.get(one)
        return (
            was is not None
            and was.attributes == dict(one.attrib)
            and was.text == one.text
            and was.children == tuple(one)
            and all(self._same(child) and self._was[child].tail == child.tail for child in one)
        )

    def _written(self, one: Element) -> Iterator[bytes]:
        was = self._was.get(one)
        if was is not None and self._same(one):
            yield self.source[was.begin : was.end]
            return
        name = etree.QName(one).localname
        name = f"{one.prefix}:{name}" if one.prefix else name
        if was is not None and was.attributes == dict(one.attrib):
            opening = self.source[was.begin : was.opened].rstrip(b">").rstrip(b"/").rstrip()
        else:
            opening = f"<{name}".encode()
            for key, value in one.attrib.items():
                opening += f' {self._named(key)}="{escape(value, _QUOTED)}"'.encode()
        if not len(one) and not one.text:
            yield opening + self._empty
            return
        yield opening + b">" + escape(one.text or "").encode()
        for child in one:
            yield from self._written(child)
            yield escape(child.tail or "").encode()
        yield f"</{name}>".encode()

    def _named(self, key: str) -> str:
        name = etree.QName(key)
        if not name.namespace:
            return name.localname
        return f"{next(p for p, uri in self.root.nsmap.items() if uri == name.namespace and p)}:{name.localname}"

    # ------------------------------------------------------------ changing

    def node(self, id_: str) -> Element:
        """What has this id among the process's own; None when nothing has."""
        return next((one for one in self.process if isinstance(one.tag, str) and one.get("id") == id_), None)

    def make(self, kind: str, namespace: str = BPMN, **attributes: str) -> Element:
        """An element that stands nowhere yet."""
        if namespace not in self.root.nsmap.values():
            zh, en = (
                "流程图的开头没有声明需要的命名空间，请在画布上改。",
                "The drawing declares not every namespace needed.",
            )
            raise Unreadable(zh, en)
        one = etree.Element(f"{{{namespace}}}{kind}", nsmap=dict(self.root.nsmap))
        for key, value in attributes.items():
            one.set(key, value)
        return one

    def add(self, parent: Element, one: Element, *, after: Element | None = None) -> Element:
        """Put it into its parent, as the last or after a sibling, on a line of its own if its siblings have theirs."""
        before = after if after is not None else (parent[-1] if len(parent) else None)
        if before is None:
            parent.insert(0, one)
            return one
        one.tail = before.tail
        if before.getnext() is None and parent.text and not parent.text.strip():
            before.tail = parent.text
        tail, before.tail = before.tail, None
        before.addnext(one)
        before.tail = tail
        return one

    def drop(self, one: Element) -> None:
        """Take it out of its parent."""
        parent, before = one.getparent(), one.getprevious()
        if before is not None and one.getnext() is None:
            before.tail = one.tail
        parent.remove(one)
        if not len(parent) and parent.text and not parent.text.strip():
            parent.text = None


_QUOTED = {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
