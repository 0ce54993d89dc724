"""A loaded model: what it decides, what it needs, and evaluating it.

    model = dmn.load(source)
    result = model.evaluate("资格", {"年龄": 66})
    result.value, result.hits, result.warnings

A decision is evaluated at most once in an evaluation, however many others require it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import feel
from engine.dmn import elements as e
from engine.dmn import lint, read
from engine.dmn.boxed import Compiler, Hit, Program, Run, Scope, convert, mismatch, nothing, type_name
from engine.dmn.types import ANY, Type, Types
from engine.errors import NotFound
from engine.feel import values
from engine.feel.runtime import Run as FeelRun
from engine.feel.table import call_function
from engine.findings import Finding

#: How many models may import each other in a chain.
DEEPEST_IMPORTS = 20

Graph = e.InputData | e.Decision | e.Knowledge | e.Service


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of one evaluation."""

    value: Any  # a FEEL value; of a service with several output decisions a context
    hits: tuple[Hit, ...] = ()  # the rules that matched, in the order the tables were evaluated
    warnings: tuple[feel.Warning, ...] = ()  # why something became null
    decisions: Mapping[str, Any] = field(default_factory=dict)  # name -> value of every decision evaluated on the way


@dataclass(frozen=True, slots=True)
class Wanted:
    """An input that a decision or service needs, its own or of what it requires."""

    name: str  # the key in the inputs
    type: str  # as written in the model; "" = anything
    allowed: str = ""  # unary tests of its allowed values


class Model:
    """A DMN file with its imports. Made by `load`; may be shared between threads."""

    def __init__(self, definitions: e.Definitions, findings: list[Finding], filename: str) -> None:
        self.definitions = definitions
        self.filename = filename
        self.namespace = definitions.namespace
        self.findings = findings
        self.imports: dict[str, Model] = {}  # by the import's name; unnamed ones under "#1", "#2" …
        self.aliases: dict[str, str] = {}  # namespace -> name of the import ("" = unnamed)
        self.elements: dict[str, Graph] = {}
        self.by_name: dict[str, Graph] = {}
        for group in (definitions.inputs, definitions.knowledge, definitions.services, definitions.decisions):
            for element in group:
                if element.id:
                    self.elements.setdefault(element.id, element)
        for group in (definitions.decisions, definitions.services, definitions.knowledge, definitions.inputs):
            for element in group:
                self.by_name.setdefault(element.name, element)
        self.types = Types(definitions.items, self._imported_type, self._constraint)
        self._compiler: Compiler | None = None
        self._programs: dict[int, Program] = {}
        self._checks: Mapping[str, Any] | None = None

    # ------------------------------------------------------------ what there is

    @property
    def ok(self) -> bool:
        """Whether loading found no error."""
        return not any(finding.severity == "error" for finding in self.findings)

    @property
    def decisions(self) -> tuple[str, ...]:
        """Names of the decisions."""
        return tuple(decision.name for decision in self.definitions.decisions)

    @property
    def services(self) -> tuple[str, ...]:
        """Names of the decision services."""
        return tuple(service.name for service in self.definitions.services)

    @property
    def names(self) -> tuple[str, ...]:
        """Ids and names by which a decision or service may be called."""
        callable_ = (*self.definitions.decisions, *self.definitions.services)
        return tuple(dict.fromkeys(name for one in callable_ for name in (one.id, one.name) if name))

    def find(self, name_or_id: str) -> Graph | None:
        """A decision, service, knowledge model or input by its name, else by its id."""
        return self.by_name.get(name_or_id) or self.elements.get(name_or_id)

    def wants(self, name_or_id: str) -> tuple[Wanted, ...]:
        """The inputs that a decision or service needs, in order."""
        found: dict[str, Wanted] = {}
        seen: set[int] = set()
        first = self.find(name_or_id)
        waiting: list[tuple[Model, Graph]] = [(self, first)] if first is not None else []
        while waiting:
            owner, element = waiting.pop()
            if id(element) in seen:
                continue
            seen.add(id(element))
            refs: tuple[e.Ref, ...] = ()
            if isinstance(element, e.InputData):
                kind = owner.types.lazy(element.type_ref).found()
                found.setdefault(element.variable, Wanted(element.variable, element.type_ref, kind.allowed))
            elif isinstance(element, e.Service):
                refs = element.input_data
                for ref in element.input_decisions:
                    target = owner.resolve(ref.href)
                    if target is not None:
                        found.setdefault(target[1].variable, Wanted(target[1].variable, target[1].type_ref))
            elif isinstance(element, e.Decision):
                refs = element.information
                if element.logic is None:
                    found.setdefault(element.variable, Wanted(element.variable, element.type_ref))
                elif not refs:
                    for name in lint.undeclared(owner, element):
                        found.setdefault(name, Wanted(name, ""))
            for ref in reversed(refs):
                target = owner.resolve(ref.href)
                if target is not None:
                    waiting.append(target)
        return tuple(found.values())

    def resolve(self, href: str) -> tuple[Model, Graph] | None:
        """The element of an href: `#id` here, `namespace#id` here or in an import."""
        namespace, hash_, identifier = href.rpartition("#")
        if not hash_:
            identifier = href
        if not namespace or namespace == self.namespace:
            element = self.elements.get(identifier)
            if element is not None:
                return self, element
        for model in self.imports.values():
            if model.namespace == namespace:
                element = model.elements.get(identifier)
                if element is not None:
                    return model, element
        return None

    # ------------------------------------------------------------ evaluating

    def evaluate(
        self,
        name: str,
        inputs: Mapping[str, Any],
        env: feel.Env | None = None,
        *,
        strict: bool = False,
        linear: bool = False,
    ) -> Result:
        """Evaluate a decision, a decision service or a business knowledge model by its name or id.

        inputs: FEEL or JSON values by the name of the input data; those of imported models also by
        `{namespace}name` or inside a mapping under the import's name. ISO texts are read as dates where the input's
        type says so, absent parts of structures are null, and a decision that draws no information requirement at all
        sees the inputs by their names, as Camunda's engines do; `strict` leaves all three out.
        linear: test every cell of every table by FEEL, without the index (for measuring it).
        Wrong data gives null and a warning. Raises NotFound when there is nothing of the name.
        """
        element = self.find(name)
        if element is None:
            known = "、".join((*self.decisions, *self.services)) or "-"
            raise NotFound(
                f"决策文件“{self.definitions.name or self.filename}”中没有“{name}”。现有：{known}。",
                f"Expected decision or service “{name}” in “{self.definitions.name or self.filename}”, "
                f"but there are only: {known}.",
            )
        env = feel.Env() if env is None else env
        known_before = len(env.warnings)
        run = Run(env, strict=strict, linear=linear)
        given = {" ".join(str(key).split()): values.admit(value) for key, value in inputs.items()}
        work = _Work(run, given)
        try:
            value = work.top(self, element)
        except feel.FeelError as error:
            run.warn("dmn-limit", f"“{element.name}”：{error.zh}", f"“{element.name}”: {error.en}")
            value = None
        except RecursionError:
            run.warn(
                "dmn-limit",
                f"“{element.name}”递归太深，已停止。请检查函数是否无限递归。",
                f"“{element.name}” recurses too deeply and was stopped. Look for a function without an end.",
            )
            value = None
        return Result(value, tuple(run.hits), tuple(env.warnings[known_before:]), work.decided)

    # ------------------------------------------------------------ compiling

    @property
    def compiler(self) -> Compiler:
        """Compiles this model's expressions."""
        if self._compiler is None:
            self._compiler = Compiler(self.types, self.vocabulary(), self)
        return self._compiler

    def vocabulary(self, depth: int = 0) -> set[str]:
        """Every name that may follow a dot: parts of types, outputs, entries, parameters, elements of imports."""
        words: set[str] = set()
        if depth > DEEPEST_IMPORTS:
            return words

        def item(one: e.Item) -> None:
            for part in one.components:
                words.add(part.name)
                item(part)

        def box(logic: e.Boxed | None) -> None:
            for one in e.walk(logic):
                if isinstance(one, e.Context):
                    words.update(entry.name for entry in one.entries if entry.name)
                elif isinstance(one, e.Table):
                    words.update(output.name for output in one.outputs)
                elif isinstance(one, e.Relation):
                    words.update(column.name for column in one.columns if column.name)
                elif isinstance(one, e.Function):
                    words.update(parameter.name for parameter in one.parameters)
                elif isinstance(one, e.Invocation):
                    words.update(binding.name for binding in one.bindings)

        for one in self.definitions.items:
            words.add(one.name)
            item(one)
        for decision in self.definitions.decisions:
            box(decision.logic)
        for knowledge in self.definitions.knowledge:
            box(knowledge.function)
        for service in self.definitions.services:
            for ref in service.outputs:
                target = self.resolve(ref.href)
                if target is not None:
                    words.add(target[1].variable)
        for model in self.imports.values():
            words |= {element.variable for element in model.elements.values()}
            words |= model.vocabulary(depth + 1)
        words.discard("")
        return words

    def names_for(self, element: e.Decision | e.Knowledge) -> frozenset[str]:
        """The names that an element's logic may use: what it requires, and nothing else."""
        refs = (*element.information, *element.knowledge) if isinstance(element, e.Decision) else element.knowledge
        found: set[str] = set()
        for ref in refs:
            target = self.resolve(ref.href)
            if target is not None:
                owner, required = target
                alias = "" if owner is self else self.aliases.get(owner.namespace, "")
                found.add(alias or required.variable)
        return frozenset(found)

    def program(self, element: e.Decision | e.Knowledge) -> Program:
        """The compiled logic of a decision or knowledge model."""
        found = self._programs.get(id(element))
        if found is None:
            scope = self.names_for(element)
            if isinstance(element, e.Decision):
                found = self.compiler.program(element.logic, scope, element.name)
            else:
                found = self.compiler.program(element.function, scope, element.name) if element.function else nothing
            self._programs[id(element)] = found
        return found

    def checks(self) -> Mapping[str, Any]:
        """For FEEL's `instance of`: whether a value belongs to each named type, own and imported."""
        if self._checks is None:
            found: dict[str, Any] = {}

            def add(prefix: str, item: e.Item, types: Types, path: str) -> None:
                kind = types.lazy(path)
                found[prefix + path] = kind.belongs
                for part in item.components:
                    add(prefix, part, types, f"{path}.{part.name}")

            for alias, model in self.imports.items():
                prefix = "" if alias.startswith("#") else f"{alias}."
                for item in model.definitions.items:
                    add(prefix, item, model.types, item.name)
            for item in self.definitions.items:
                add("", item, self.types, item.name)
            self._checks = found
        return self._checks

    def _imported_type(self, name: str) -> Type | None:
        for alias, model in self.imports.items():
            if alias.startswith("#"):
                if name in model.types.items:
                    return model.types.named(name)
            elif name.startswith(alias + "."):
                found = model.types.named(name[len(alias) + 1 :])
                if found is not None:
                    return found
        return None

    def _constraint(self, text: str) -> Any:
        """The test of an item definition's allowed values or type constraint."""
        made: list[Any] = []

        def test(value: Any) -> bool:
            if not made:
                made.append(self.compiler.test(text, frozenset(), "allowedValues"))
            return made[0](value, {}, Run(feel.Env(types=self.checks()))) is True

        return test


class _Work:
    """One evaluation in progress. A decision service runs in a work of its own, with its arguments given."""

    def __init__(self, run: Run, inputs: Mapping[str, Any]) -> None:
        self.run = run
        self.inputs = inputs
        self.known: dict[int, Any] = {}  # id of element -> value
        self.active: set[int] = set()
        self.decided: dict[str, Any] = {}

    def top(self, model: Model, element: Graph) -> Any:
        """The value of what was asked for."""
        if isinstance(element, e.Service):
            arguments: list[Any] = []
            for ref in (*element.input_data, *element.input_decisions):
                target = model.resolve(ref.href)
                arguments.append(self.given(model, *target) if target is not None else None)
            return self.serve(model, element, arguments)
        if isinstance(element, e.Knowledge):
            function = self.value(model, element)
            if not isinstance(function, values.Function):
                return None
            arguments = [self.inputs.get(name) for name in function.names]
            return call_function(FeelRun(self.env_of(model)), function, arguments)
        return self.value(model, element)

    def env_of(self, model: Model) -> feel.Env:
        """The caller's environment with the model's types."""
        found = self.run.envs.get(id(model))
        if found is None:
            checks = model.checks()
            env = self.run.env
            found = dataclasses.replace(env, types={**env.types, **checks}) if checks else env
            self.run.envs[id(model)] = found
        return found

    def value(self, model: Model, element: Graph) -> Any:
        """The value of an element, found once."""
        key = id(element)
        if key in self.known:
            return self.known[key]
        if key in self.active:
            self.run.warn(
                "dmn-cycle",
                f"“{element.name}”间接依赖自己，结果为空。请去掉循环依赖。",
                f"“{element.name}” requires itself through others: the result is null. Break the cycle.",
            )
            return None
        self.env_of(model)
        self.active.add(key)
        self.run.enter()
        try:
            if isinstance(element, e.InputData):
                value = self.input(model, element)
            elif isinstance(element, e.Decision):
                value = self.decide(model, element)
            elif isinstance(element, e.Knowledge):
                value = self.knowledge(model, element)
            else:
                value = self.service(model, element)
        finally:
            self.active.discard(key)
        self.run.leave()
        self.known[key] = value
        return value

    def given(self, model: Model, owner: Model, element: Graph) -> Any:
        """What the caller gave for an input (or an input decision), unconverted."""
        name = element.variable
        if f"{{{owner.namespace}}}{name}" in self.inputs:
            return self.inputs[f"{{{owner.namespace}}}{name}"]
        for alias, imported in model.imports.items():
            if imported is owner:
                nested = self.inputs.get(alias)
                if isinstance(nested, dict) and name in nested:
                    return nested[name]
                if f"{alias}.{name}" in self.inputs:
                    return self.inputs[f"{alias}.{name}"]
        if name in self.inputs:
            return self.inputs[name]
        return self.inputs.get(element.name, self.inputs.get(element.id) if element.id else None)

    def input(self, model: Model, element: e.InputData) -> Any:
        return self.admitted(model, element, self.given(model, model, element))

    def admitted(self, model: Model, element: Graph, value: Any) -> Any:
        """A given value converted to the element's type."""
        kind = model.types.lazy(element.type_ref)
        if not self.run.strict:
            value = kind.from_json(value)
        return convert(value, kind, element.name, self.run)

    def scope(self, model: Model, refs: tuple[e.Ref, ...]) -> Scope:
        """What an element requires, by name; of an import under the import's name."""
        scope: Scope = {}
        for ref in refs:
            target = model.resolve(ref.href)
            if target is None:
                continue
            owner, element = target
            if isinstance(element, e.InputData) and owner is not model and id(element) not in self.known:
                # The import's name tells which of several inputs of the same name is meant.
                self.known[id(element)] = self.admitted(owner, element, self.given(model, owner, element))
            value = self.value(owner, element)
            alias = "" if owner is model else model.aliases.get(owner.namespace, "")
            if alias:
                scope.setdefault(alias, {})[element.variable] = value
            else:
                scope[element.variable] = value
        return scope

    def decide(self, model: Model, element: e.Decision) -> Any:
        if element.logic is None:
            value = self.given(model, model, element)
            return self.admitted(model, element, value)
        scope = self.scope(model, (*element.information, *element.knowledge))
        if not element.information and not self.run.strict:
            scope = {**self.inputs, **scope}
        value = model.program(element)(scope, self.run)
        value = convert(value, self.result_type(model, element), element.name, self.run)
        self.decided[element.name] = value
        return value

    def result_type(self, model: Model, element: Graph) -> Type:
        """The type of what an element answers: its variable's, or the result of its variable's function type."""
        kind = model.types.lazy(element.type_ref)
        if isinstance(element, e.Knowledge | e.Service) and element.type_ref:
            found = kind.found()
            if found.kind == "function":
                return found.result or ANY
        return kind

    def knowledge(self, model: Model, element: e.Knowledge) -> Any:
        """The function of a knowledge model. What it requires is found at the first call, so that it may call
        itself."""
        definition = element.function
        program = model.program(element)
        if definition is None:
            return None
        names = tuple(parameter.name for parameter in definition.parameters)
        result = self.result_type(model, element)
        made: list[values.Function] = []

        def called(run: Any, arguments: list[Any]) -> Any:
            if not made:
                made.append(program(self.scope(model, element.knowledge), self.run))
            answer = made[0].call(run, arguments)
            return convert(answer, result, element.name, self.run)

        signature = model.compiler.signature(definition)
        if element.type_ref and model.types.lazy(element.type_ref).found().kind != "function":
            signature["result"] = type_name(element.type_ref)
        return values.Function(names, called, label=element.name, **signature)

    def service(self, model: Model, element: e.Service) -> Any:
        """The function of a decision service: its input data, then its input decisions (10.4)."""
        targets = [model.resolve(ref.href) for ref in (*element.input_data, *element.input_decisions)]
        names = [target[1].variable if target is not None else "?" for target in targets]

        def called(_: Any, arguments: list[Any]) -> Any:
            # As with any function: an argument that does not conform to its type makes the result null (10.3.2.9.4).
            for name, target, argument in zip(names, targets, arguments, strict=True):
                if target is not None:
                    kind = target[0].types.lazy(target[1].type_ref)
                    if not kind.convert(argument)[1]:
                        mismatch(argument, kind, f"{element.name}({name})", self.run)
                        return None
            return self.serve(model, element, arguments)

        return values.Function(tuple(names), called, label=element.name)

    def serve(self, model: Model, element: e.Service, arguments: list[Any]) -> Any:
        """Evaluate a service apart from everything else: it sees its arguments only."""
        inner = _Work(self.run, {})
        for ref, argument in zip((*element.input_data, *element.input_decisions), arguments, strict=True):
            target = model.resolve(ref.href)
            if target is not None:
                owner, wanted = target
                inner.known[id(wanted)] = self.admitted(owner, wanted, argument)
        answers: dict[str, Any] = {}
        self.run.enter()
        for ref in element.outputs:
            target = model.resolve(ref.href)
            if target is not None:
                answers[target[1].variable] = inner.value(*target)
        self.run.leave()
        for name, value in inner.decided.items():
            self.decided.setdefault(name, value)
        value = next(iter(answers.values())) if len(answers) == 1 else answers
        return convert(value, self.result_type(model, element), element.name, self.run)


# ---------------------------------------------------------------- loading


def load(source: bytes, imports: Mapping[str, bytes | Model] | None = None, *, filename: str = "") -> Model:
    """The model in the bytes of a DMN file (1.1 to 1.5). Never raises: what is wrong is in `model.findings`.

    imports: the files that it imports, by namespace, locationURI or file name. Nothing is fetched.
    """
    return _Loader(dict(imports or {})).load(source, filename, ())


class _Loader:
    def __init__(self, imports: dict[str, bytes | Model]) -> None:
        self.given = imports
        self.made: dict[int, Model] = {}
        self.spaces: dict[str, str] | None = None

    def load(self, source: bytes, filename: str, chain: tuple[str, ...]) -> Model:
        definitions, findings = read.read(source, filename)
        model = Model(definitions, findings, filename)
        chain = (*chain, definitions.namespace)
        for number, wanted in enumerate(definitions.imports, 1):
            if wanted.kind and wanted.kind not in read.VERSIONS:
                _note(
                    model,
                    wanted,
                    "dmn-import-kind",
                    f"导入“{wanted.name}”的类型“{wanted.kind}”不支持，已忽略。只能导入 DMN 文件。",
                    f"Expected import “{wanted.name}” to be of DMN, but it is “{wanted.kind}”: ignored.",
                    warning=True,
                )
                continue
            imported = self.imported(wanted, chain, model)
            if imported is None:
                continue
            name = wanted.name or f"#{number}"
            model.imports[name] = imported
            model.aliases[imported.namespace] = wanted.name
        lint.links(model)
        return model

    def imported(self, wanted: e.Import, chain: tuple[str, ...], model: Model) -> Model | None:
        if wanted.namespace in chain:
            _note(
                model,
                wanted,
                "dmn-import-cycle",
                f"导入“{wanted.name}”形成循环：它（间接）又导入本文件。请去掉其中一个导入。",
                f"Import “{wanted.name}” goes round in a circle back to this file. Remove one of the imports.",
            )
            return None
        if len(chain) > DEEPEST_IMPORTS:
            _note(
                model,
                wanted,
                "dmn-too-deep",
                f"导入超过 {DEEPEST_IMPORTS} 层。",
                f"Expected at most {DEEPEST_IMPORTS} imports in a chain.",
            )
            return None
        found = self.lookup(wanted)
        if found is None:
            _note(
                model,
                wanted,
                "dmn-import-missing",
                f"找不到导入的文件“{wanted.name or wanted.namespace}”（命名空间 {wanted.namespace}）。请把它一并提供。",
                f"Expected the file of import “{wanted.name or wanted.namespace}” (namespace {wanted.namespace}), "
                "but it was not given. Supply it too.",
            )
            return None
        if isinstance(found, Model):
            return found
        made = self.made.get(id(found))
        if made is None:
            made = self.load(found, wanted.location.rpartition("/")[2] or wanted.namespace, chain)
            self.made[id(found)] = made
            model.findings.extend(finding for finding in made.findings if finding not in model.findings)
        return made

    def lookup(self, wanted: e.Import) -> bytes | Model | None:
        for key in (wanted.namespace, wanted.location, wanted.location.rpartition("/")[2]):
            if key and key in self.given:
                return self.given[key]
        for key, value in self.given.items():
            if isinstance(value, Model) and value.namespace == wanted.namespace:
                return value
            if not isinstance(value, Model):
                if self.spaces is None:
                    self.spaces = {}
                if key not in self.spaces:
                    self.spaces[key] = read.namespace_of(value)
                if self.spaces[key] == wanted.namespace:
                    return value
        return None


def _note(model: Model, element: e.Import, rule: str, zh: str, en: str, *, warning: bool = False) -> None:
    model.findings.append(
        Finding(
            file=model.filename,
            element=element.id,
            element_name=element.name,
            line=element.line,
            rule=rule,
            severity="warning" if warning else "error",
            message_zh=zh,
            message_en=en,
        )
    )
