"""Reads a DMN file (1.1 to 1.5) into `elements`. Whatever the bytes are, the answer is a value and a list of findings.

Limits, against hostile files: MOST_BYTES in all, DEEPEST boxed expressions inside each other, MOST_ELEMENTS XML
elements. No DOCTYPE, no entities, no network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator as Iter
from typing import Any

from lxml import etree

from engine.dmn import elements as e
from engine.findings import Finding

MOST_BYTES = 16_000_000
MOST_ELEMENTS = 1_000_000
DEEPEST = 50

#: Namespaces of the MODEL schema by version (OMG DMN 1.1 … 1.6).
VERSIONS = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20151101/dmn11.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "http://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
    "https://www.omg.org/spec/DMN/20240513/MODEL/": "1.6",
}

POLICIES = {
    "UNIQUE": "U",
    "ANY": "A",
    "PRIORITY": "P",
    "FIRST": "F",
    "RULE ORDER": "R",
    "OUTPUT ORDER": "O",
    "COLLECT": "C",
}
SIGNS = {"+": "SUM", "#": "COUNT", "<": "MIN", ">": "MAX"}
EXPRESSIONS = frozenset(
    [
        "literalExpression",
        "decisionTable",
        "context",
        "invocation",
        "list",
        "relation",
        "functionDefinition",
        "conditional",
        "filter",
        "for",
        "some",
        "every",
    ]
)
FEEL_LANGUAGE = re.compile(r"/FEEL/?(\.xsd)?$|^feel$", re.IGNORECASE)


def read(source: bytes, filename: str = "") -> tuple[e.Definitions, list[Finding]]:
    """The definitions in the bytes (empty when unreadable) and what is wrong with them."""
    reader = _Reader(filename)
    return reader.file(source), reader.findings


class _Reader:
    def __init__(self, filename: str) -> None:
        self.filename = filename
        self.findings: list[Finding] = []
        self.space = ""
        self.feel = True
        self.seen: dict[str, tuple[str, int]] = {}
        self.aliases: dict[str, str] = {}  # name of the import of a namespace

    # ------------------------------------------------------------ findings

    def note(
        self, node: etree._Element | None, rule: str, zh: str, en: str, *, warning: bool = False, line: int = 0
    ) -> None:
        owner = node
        while owner is not None and not owner.get("id"):
            owner = owner.getparent()
        named = node
        while named is not None and not named.get("name"):
            named = named.getparent()
        self.findings.append(
            Finding(
                file=self.filename,
                element=(owner.get("id") or "") if owner is not None else "",
                element_name=(named.get("name") or "") if named is not None else "",
                line=line or (_line(node) if node is not None else 0),
                rule=rule,
                severity="warning" if warning else "error",
                message_zh=zh,
                message_en=en,
            )
        )

    # ------------------------------------------------------------ the file

    def file(self, source: bytes) -> e.Definitions:
        root = self.parse(source)
        if root is None:
            return e.Definitions()
        tag = etree.QName(root)
        self.space = tag.namespace or ""
        if tag.localname != "definitions" or self.space not in VERSIONS:
            self.note(
                root,
                "dmn-not-dmn",
                (
                    f"这不是 DMN 1.1 至 1.5 文件：根元素是 {tag.localname}，命名空间是“{self.space}”。请上传 DMN "
                    "决策文件。"
                ),
                f"Expected a DMN 1.1 to 1.5 file, but the root is {tag.localname} in namespace “{self.space}”. "
                "Supply a DMN decision file.",
            )
            return e.Definitions()
        language = root.get("expressionLanguage") or ""
        self.feel = self.is_feel(language, True)
        items: list[e.Item] = []
        inputs: list[e.InputData] = []
        decisions: list[e.Decision] = []
        knowledge: list[e.Knowledge] = []
        services: list[e.Service] = []
        imports: list[e.Import] = []
        others: set[str] = set()
        self.aliases = {c.get("namespace") or "": _name(c.get("name")) for c in self.children(root, "import")}
        for node in self.children(root):
            self.identify(node)
            kind = _local(node)
            if kind == "import":
                imports.append(
                    e.Import(
                        name=_name(node.get("name")),
                        namespace=node.get("namespace") or "",
                        location=node.get("locationURI") or "",
                        kind=node.get("importType") or "",
                        id=node.get("id") or "",
                        line=_line(node),
                    )
                )
            elif kind == "itemDefinition":
                items.append(self.item(node, 0))
            elif kind == "inputData":
                inputs.append(e.InputData(**self.node(node)))
            elif kind == "decision":
                decisions.append(self.decision(node))
            elif kind == "businessKnowledgeModel":
                knowledge.append(self.knowledge(node))
            elif kind == "decisionService":
                services.append(self.service(node))
            elif node.get("id"):
                others.add(node.get("id") or "")
        return e.Definitions(
            name=root.get("name") or "",
            id=root.get("id") or "",
            namespace=root.get("namespace") or "",
            version=VERSIONS[self.space],
            language=language,
            imports=tuple(imports),
            items=tuple(items),
            inputs=tuple(inputs),
            decisions=tuple(decisions),
            knowledge=tuple(knowledge),
            services=tuple(services),
            other_ids=frozenset(others),
        )

    def parse(self, source: bytes) -> etree._Element | None:
        if len(source) > MOST_BYTES:
            self.note(
                None,
                "dmn-too-large",
                f"文件太大：{len(source)} 字节，上限 {MOST_BYTES}。请拆成几个文件。",
                f"Expected at most {MOST_BYTES} bytes, but the file has {len(source)}. Split it.",
            )
            return None
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            root = etree.fromstring(source, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            line = getattr(error, "lineno", 0) or 0
            self.note(
                None,
                "dmn-not-xml",
                f"文件不是有效的 XML（第 {line} 行）。请用建模工具重新导出。",
                f"Expected well-formed XML, but line {line} is not: {_short(str(error))}. Export the file again.",
                line=line,
            )
            return None
        information: Any = root.getroottree().docinfo
        if information.doctype:
            self.note(
                None,
                "dmn-doctype",
                "文件含有 DOCTYPE,为安全起见不接受。请删去 DOCTYPE 声明。",
                "Expected no DOCTYPE (it can smuggle files in), but there is one. Remove the declaration.",
                line=1,
            )
            return None
        if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
            self.note(
                None,
                "dmn-too-large",
                f"文件元素太多，上限 {MOST_ELEMENTS} 个。请拆成几个文件。",
                f"Expected at most {MOST_ELEMENTS} XML elements. Split the file.",
            )
            return None
        return root

    # ------------------------------------------------------------ nodes of the graph

    def node(self, node: etree._Element) -> dict[str, Any]:
        variable = self.child(node, "variable")
        name = _name(node.get("name"))
        type_ref = self.type_ref(variable) if variable is not None else ""
        variable_name = _name(variable.get("name")) if variable is not None else ""
        if not name:
            self.note(
                node,
                "dmn-no-name",
                f"{_local(node)} 没有名称。请填写名称。",
                f"Expected {_local(node)} to have a name.",
            )
        if variable_name and variable_name != name:
            self.note(
                variable,
                "dmn-variable-name",
                f"变量名“{variable_name}”与元素名“{name}”不同，以变量名为准。请改成一致。",
                f"Expected the variable to be named “{name}” like its element, but it is “{variable_name}”. "
                "Expressions use the variable's name; make them the same.",
                warning=True,
            )
        return {
            "name": name,
            "id": node.get("id") or "",
            "line": _line(node),
            "label": node.get("label") or "",
            "variable": variable_name or name,
            "type_ref": type_ref,
        }

    def identify(self, node: etree._Element) -> None:
        """Every id of a file is there once."""
        for element in node.iter(f"{{{self.space}}}*"):
            identifier = element.get("id")
            if not identifier:
                continue
            if identifier in self.seen:
                tag, line = self.seen[identifier]
                self.note(
                    element,
                    "dmn-duplicate-id",
                    f"标识“{identifier}”重复：第 {line} 行的 {tag} 已经用过。请改成不同的标识。",
                    (
                        f"Expected id “{identifier}” once, but {tag} on line {line} has it too. Give one of them "
                        "another id."
                    ),
                    warning=tag not in _GRAPH or _local(element) not in _GRAPH,
                )
            else:
                self.seen[identifier] = (_local(element), _line(element))

    def decision(self, node: etree._Element) -> e.Decision:
        information: list[e.Ref] = []
        for requirement in self.children(node, "informationRequirement"):
            information += self.refs(requirement, "requiredInput") + self.refs(requirement, "requiredDecision")
        return e.Decision(
            **self.node(node),
            question=self.text(self.child(node, "question")),
            allowed_answers=self.text(self.child(node, "allowedAnswers")),
            information=tuple(information),
            knowledge=self.knowledge_refs(node),
            logic=self.expression_in(node, 0),
        )

    def knowledge(self, node: etree._Element) -> e.Knowledge:
        logic = self.child(node, "encapsulatedLogic")
        function = self.function(logic, 0) if logic is not None else None
        if function is None and self.expression_in(node, 0) is not None:
            # DMN 1.0 files put the expression straight into the model.
            function = e.Function(body=self.expression_in(node, 0), line=_line(node))
        return e.Knowledge(**self.node(node), knowledge=self.knowledge_refs(node), function=function)

    def service(self, node: etree._Element) -> e.Service:
        return e.Service(
            **self.node(node),
            outputs=tuple(self.refs(node, "outputDecision")),
            encapsulated=tuple(self.refs(node, "encapsulatedDecision")),
            input_decisions=tuple(self.refs(node, "inputDecision")),
            input_data=tuple(self.refs(node, "inputData")),
        )

    def knowledge_refs(self, node: etree._Element) -> tuple[e.Ref, ...]:
        found: list[e.Ref] = []
        for requirement in self.children(node, "knowledgeRequirement"):
            found += self.refs(requirement, "requiredKnowledge")
        return tuple(found)

    def refs(self, node: etree._Element, tag: str) -> list[e.Ref]:
        return [e.Ref(href=(ref.get("href") or "").strip(), line=_line(ref)) for ref in self.children(node, tag)]

    # ------------------------------------------------------------ item definitions

    def item(self, node: etree._Element, depth: int) -> e.Item:
        components: tuple[e.Item, ...] = ()
        if depth < DEEPEST:
            components = tuple(self.item(child, depth + 1) for child in self.children(node, "itemComponent"))
        else:
            self.too_deep(node)
        signature = self.child(node, "functionItem")
        function = None
        if signature is not None:
            function = e.FunctionItem(
                output=self.plain_type(signature, signature.get("outputTypeRef") or ""),
                parameters=tuple(
                    e.Parameter(name=_name(p.get("name")), type_ref=self.type_ref(p))
                    for p in self.children(signature, "parameters")
                ),
            )
        type_node = self.child(node, "typeRef")
        type_ref = self.plain_type(type_node, self.text(type_node)) if type_node is not None else self.type_ref(node)
        if not node.get("name"):
            self.note(
                node,
                "dmn-no-name",
                "数据类型或其组成部分没有名称。请填写名称。",
                "Expected the item definition to have a name.",
            )
        return e.Item(
            name=_name(node.get("name")),
            id=node.get("id") or "",
            line=_line(node),
            label=node.get("label") or "",
            type_ref=type_ref,
            is_collection=(node.get("isCollection") or "").strip() in ("true", "1"),
            components=components,
            allowed=self.text_in(self.child(node, "allowedValues")),
            constraint=self.text_in(self.child(node, "typeConstraint")),
            function=function,
        )

    # ------------------------------------------------------------ expressions

    def expression_in(self, node: etree._Element | None, depth: int) -> e.Boxed | None:
        """The first expression among the children."""
        if node is None:
            return None
        for child in self.children(node):
            if _local(child) in EXPRESSIONS:
                return self.expression(child, depth)
        return None

    def too_deep(self, node: etree._Element) -> None:
        self.note(
            node,
            "dmn-too-deep",
            f"表达式嵌套超过 {DEEPEST} 层。请拆成几个决策。",
            f"Expected at most {DEEPEST} expressions inside each other. Split the decision.",
        )

    def expression(self, node: etree._Element, depth: int) -> e.Boxed | None:
        if depth > DEEPEST:
            self.too_deep(node)
            return None
        kind, deeper = _local(node), depth + 1
        identifier, line, type_ref = node.get("id") or "", _line(node), self.type_ref(node)
        if kind == "literalExpression":
            return self.literal(node)
        if kind == "decisionTable":
            return self.table(node)
        if kind == "context":
            return e.Context(
                id=identifier,
                line=line,
                type_ref=type_ref,
                entries=tuple(self.entry(child, deeper) for child in self.children(node, "contextEntry")),
            )
        if kind == "invocation":
            bindings = []
            for binding in self.children(node, "binding"):
                parameter = self.child(binding, "parameter")
                bindings.append(
                    e.Binding(
                        name=_name(parameter.get("name")) if parameter is not None else "",
                        line=_line(binding),
                        expression=self.expression_in(binding, deeper),
                    )
                )
            return e.Invocation(
                id=identifier,
                line=line,
                type_ref=type_ref,
                function=self.expression_in(node, deeper),
                bindings=tuple(bindings),
            )
        if kind == "list":
            return e.ListOf(id=identifier, line=line, type_ref=type_ref, items=self.all_in(node, deeper))
        if kind == "relation":
            columns = tuple(
                e.Entry(name=_name(c.get("name")), type_ref=self.type_ref(c), line=_line(c), expression=None)
                for c in self.children(node, "column")
            )
            rows = []
            for row in self.children(node, "row"):
                cells = self.all_in(row, deeper)
                if len(cells) != len(columns):
                    self.note(
                        row,
                        "dmn-row-length",
                        f"这一行有 {len(cells)} 格，应有 {len(columns)} 格。请补齐或删去。",
                        f"Expected {len(columns)} cells in the row, but there are {len(cells)}.",
                    )
                rows.append((*cells, *[None] * len(columns))[: len(columns)])
            return e.Relation(id=identifier, line=line, type_ref=type_ref, columns=columns, rows=tuple(rows))
        if kind == "functionDefinition":
            return self.function(node, depth)
        if kind == "conditional":
            return e.Conditional(
                id=identifier,
                line=line,
                type_ref=type_ref,
                test=self.expression_in(self.child(node, "if"), deeper),
                then=self.expression_in(self.child(node, "then"), deeper),
                otherwise=self.expression_in(self.child(node, "else"), deeper),
            )
        if kind == "filter":
            return e.Filter(
                id=identifier,
                line=line,
                type_ref=type_ref,
                collection=self.expression_in(self.child(node, "in"), deeper),
                match=self.expression_in(self.child(node, "match"), deeper),
            )
        collection = self.child(node, "in")
        body = self.child(node, "return" if kind == "for" else "satisfies")
        return e.Iterator(
            id=identifier,
            line=line,
            type_ref=type_ref,
            kind=kind,
            variable=_name(node.get("iteratorVariable")),
            collection=self.expression_in(collection, deeper),
            body=self.expression_in(body, deeper),
            collection_type=self.type_ref(collection) if collection is not None else "",
            body_type=self.type_ref(body) if body is not None else "",
        )

    def all_in(self, node: etree._Element, depth: int) -> tuple[e.Boxed | None, ...]:
        return tuple(self.expression(child, depth) for child in self.children(node) if _local(child) in EXPRESSIONS)

    def literal(self, node: etree._Element) -> e.Literal:
        language = node.get("expressionLanguage") or ""
        foreign = "" if self.is_feel(language, self.feel) else language or "?"
        text_node = self.child(node, "text")
        if foreign:
            self.note(
                node,
                "dmn-language",
                f"表达式语言“{foreign}”不支持，结果为空。请改用 FEEL。",
                f"Expected a FEEL expression, but its language is “{foreign}”: its result is null. Write it in FEEL.",
            )
        if self.child(node, "importedValues") is not None:
            self.note(
                node,
                "dmn-imported-values",
                "不支持 importedValues,结果为空。请把数据写进决策。",
                "Expected an expression, but importedValues is not supported: its result is null.",
                warning=True,
            )
        return e.Literal(
            id=node.get("id") or "",
            line=_line(text_node if text_node is not None else node),
            type_ref=self.type_ref(node),
            text=self.text(text_node),
            language=foreign,
        )

    def entry(self, node: etree._Element, depth: int) -> e.Entry:
        variable = self.child(node, "variable")
        return e.Entry(
            name=_name(variable.get("name")) if variable is not None else None,
            type_ref=self.type_ref(variable) if variable is not None else "",
            line=_line(node),
            expression=self.expression_in(node, depth),
        )

    def function(self, node: etree._Element, depth: int) -> e.Function:
        kind = (node.get("kind") or "FEEL").strip()
        if kind not in ("FEEL", "F"):
            kind = {"J": "Java", "JAVA": "Java", "P": "PMML"}.get(kind.upper(), kind)
        else:
            kind = "FEEL"
        return e.Function(
            id=node.get("id") or "",
            line=_line(node),
            type_ref=self.type_ref(node),
            kind=kind,
            parameters=tuple(
                e.Parameter(name=_name(p.get("name")), type_ref=self.type_ref(p))
                for p in self.children(node, "formalParameter")
            ),
            body=self.expression_in(node, depth + 1),
        )

    def table(self, node: etree._Element) -> e.Table:
        policy, aggregation = self.policy(node)
        clauses = []
        for child in self.children(node, "input"):
            inner = self.child(child, "inputExpression")
            values = self.child(child, "inputValues")
            expression = self.literal(inner) if inner is not None else e.Literal(text=child.get("label") or "")
            clauses.append(
                e.Clause(
                    id=child.get("id") or "",
                    line=_line(child),
                    label=child.get("label") or expression.text,
                    expression=expression,
                    values=self.text_in(values),
                )
            )
        outputs = []
        for child in self.children(node, "output"):
            default = self.child(child, "defaultOutputEntry")
            outputs.append(
                e.OutputClause(
                    id=child.get("id") or "",
                    line=_line(child),
                    name=_name(child.get("name")),
                    label=child.get("label") or child.get("name") or "",
                    type_ref=self.type_ref(child),
                    values=self.text_in(self.child(child, "outputValues")),
                    default=self.literal(default) if default is not None else None,
                )
            )
        if not outputs:
            self.note(
                node,
                "dmn-no-output",
                "决策表没有输出列。请加一列输出。",
                "Expected the table to have an output column.",
            )
        if len(outputs) > 1 and not all(output.name for output in outputs):
            self.note(
                node,
                "dmn-output-name",
                "多个输出列都要有名称。请填写输出列名称。",
                "Expected every output column to have a name when there are several.",
            )
        rules = []
        for number, child in enumerate(self.children(node, "rule"), 1):
            cells = tuple(
                e.Cell(id=c.get("id") or "", line=_line(c), text=self.text(self.child(c, "text")))
                for c in self.children(child, "inputEntry")
            )
            results = tuple(self.literal(c) for c in self.children(child, "outputEntry"))
            for what, have, want in (("输入", len(cells), len(clauses)), ("输出", len(results), len(outputs))):
                if have != want:
                    english = "input" if what == "输入" else "output"
                    self.note(
                        child,
                        "dmn-row-length",
                        f"第 {number} 条规则有 {have} 个{what}格，应有 {want} 个。请补齐或删去。",
                        f"Expected {want} {english} entries in rule {number}, but there are {have}.",
                    )
            blank = e.Cell(id="", line=_line(child), text="-")
            nothing = e.Literal(text="null", line=_line(child))
            rules.append(
                e.Rule(
                    id=child.get("id") or "",
                    line=_line(child),
                    inputs=(*cells, *[blank] * len(clauses))[: len(clauses)],
                    outputs=(*results, *[nothing] * len(outputs))[: len(outputs)],
                    annotations=tuple(self.text(self.child(c, "text")) for c in self.children(child, "annotationEntry"))
                    or tuple(self.text(c) for c in self.children(child, "description")),
                )
            )
        return e.Table(
            id=node.get("id") or "",
            line=_line(node),
            type_ref=self.type_ref(node),
            hit_policy=policy,
            aggregation=aggregation,
            inputs=tuple(clauses),
            outputs=tuple(outputs),
            rules=tuple(rules),
            annotations=tuple(c.get("name") or "" for c in self.children(node, "annotation")),
            output_label=node.get("outputLabel") or "",
        )

    def policy(self, node: etree._Element) -> tuple[str, str]:
        given = (node.get("hitPolicy") or "UNIQUE").strip().upper().replace("_", " ")
        aggregation = (node.get("aggregation") or "").strip().upper()
        if len(given) == 2 and given[0] == "C" and given[1] in SIGNS:
            given, aggregation = "COLLECT", SIGNS[given[1]]
        policy = POLICIES.get(given) or (given if given in POLICIES.values() else "")
        if not policy or aggregation not in ("", *SIGNS.values()):
            self.note(
                node,
                "dmn-hit-policy",
                f"命中策略“{given} {aggregation}”不认识。请用 U、A、P、F、R、O 或 C。",
                f"Expected hit policy U, A, P, F, R, O or C, but it is “{given} {aggregation}”.",
            )
            return policy or "U", ""
        return policy, aggregation if policy == "C" else ""

    # ------------------------------------------------------------ small things

    def is_feel(self, language: str, default: bool) -> bool:
        return bool(FEEL_LANGUAGE.search(language.strip())) if language.strip() else default

    def children(self, node: etree._Element | None, tag: str | None = None) -> Iter[etree._Element]:
        """Children in the DMN namespace."""
        if node is None:
            return
        yield from node.iterchildren(f"{{{self.space}}}{tag or '*'}")

    def child(self, node: etree._Element | None, tag: str) -> etree._Element | None:
        return node.find(f"{{{self.space}}}{tag}") if node is not None else None

    def text(self, node: etree._Element | None) -> str:
        if node is None:
            return ""
        return (node.text or "").strip() if len(node) == 0 else "".join(str(part) for part in node.itertext()).strip()

    def text_in(self, node: etree._Element | None) -> str:
        return self.text(self.child(node, "text"))

    def type_ref(self, node: etree._Element) -> str:
        return self.plain_type(node, node.get("typeRef") or "")

    def plain_type(self, node: etree._Element, text: str) -> str:
        """A type name without the prefix of FEEL's or this file's own namespace (DMN 1.1 writes `feel:string`)."""
        text = _name(text)
        if text.startswith("{") and "}" in text:
            return text.partition("}")[2]
        prefix, colon, rest = text.partition(":")
        if colon and "<" not in prefix and prefix in node.nsmap:
            alias = self.aliases.get(node.nsmap[prefix] or "", "")
            return f"{alias}.{rest}" if alias else rest
        return text


_GRAPH = frozenset(
    {"inputData", "decision", "businessKnowledgeModel", "decisionService", "itemDefinition", "knowledgeSource"}
)


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname


def _line(node: etree._Element | None) -> int:
    line: Any = node.sourceline if node is not None else 0
    return int(line or 0)


def _name(text: str | None) -> str:
    """A name with its white space as the standard reads it: one space between words."""
    return " ".join((text or "").split())


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "..."


def namespace_of(source: bytes) -> str:
    """The namespace a DMN file is known by; "" when it cannot be read."""
    quiet = _Reader("")
    root = quiet.parse(source)
    return (root.get("namespace") or "") if root is not None else ""
