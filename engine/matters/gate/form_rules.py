"""Forms within their matter: what they read is there, what opens them exists, what they sign is their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine import feel, forms
from engine.feel import tree
from engine.feel.table import BUILT_INS
from engine.findings import meant, nearest
from engine.forms import templates
from engine.matters import nodes as rights_of
from engine.matters.gate import registers, scope, shapes
from engine.matters.gate.reading import FormFile, Reading
from engine.matters.gate.shapes import LEAF, OPEN, Shape
from engine.process.language import model as m

_BUILT_IN = frozenset(BUILT_INS)
#: What a field may offer from the hall's lists.
OFFERS = ("rooms", "villages", "towns", "offices", "branches", "committees")
#: … and the entries of a register.
OF_REGISTER = "register:"
#: The custom properties of a component that something reads.
PROPERTIES = ("check", "signs", "offers", "within", "expired", "beside", "newer_than", "pattern_hint", "hint")
#: What `within` may say.
WITHIN = ("village", "town", "county")


def check(reading: Reading, known: Mapping[str, scope.Known]) -> None:
    opened: dict[str, list[tuple[m.Process, m.Node]]] = {}
    for _, process, _, node in reading.nodes("userTask", "manualTask"):
        one = reading.forms.get(node.extension.form or "")
        if one is not None:
            opened.setdefault(one.file, []).append((process, node))
    start = reading.application
    names = [node.extension.form for _, _, _, node in reading.nodes("userTask") if node.extension.form]
    names.append(reading.applied_by)
    asked = {getattr(one.what, "ask", "") for one in reading.declared("offers").values()}
    for match in reading.declared("matches").values():
        asked |= {getattr(getattr(match.what, side), "ask", "") for side in ("supply", "need")}
    if reading.info is None and isinstance(reading.matter.value, Mapping):  # its slip is said, and not this form's
        written = reading.matter.value.get("offers")
        rows = written.values() if isinstance(written, Mapping) else ()
        asked |= {str(one.get("ask")) for one in rows if isinstance(one, Mapping)}
        written = reading.matter.value.get("matches")
        rows = written.values() if isinstance(written, Mapping) else ()
        sides = [one.get(side) for one in rows if isinstance(one, Mapping) for side in ("supply", "need")]
        asked |= {str(one.get("ask")) for one in sides if isinstance(one, Mapping)}
    for one in {f.file: f for f in reading.forms.values()}.values():
        if f"/{reading.name}/" not in one.file:
            continue  # a shared form is opened by other matters too
        places = opened.get(one.file, [])
        if asked & {one.stem, one.form.id}:
            _id(reading, one, [*names, *asked])
            continue  # whoever books fills it in
        if not places and (start is None or start.file != one.file):
            like = nearest(one.stem, [n for n in names if n not in reading.forms]) or nearest(
                one.form.id, [n for n in names if n not in reading.forms]
            )
            zh = f"是不是要写成“{like}”？" if like else "不用的请删去。"
            en = f'Should it be "{like}"?' if like else "Remove it if it is not needed."
            reading.of_form(
                one, "", "form-unused", f"没有任务打开这张表单。{zh}", f"No task opens this form. {en}", line=1
            )
        _id(reading, one, names)
        _components(reading, one, places, known, start is not None and start.file == one.file)
    for file, _, _, node in reading.nodes("userTask"):
        form = node.extension.form
        if form and not form.startswith("=") and form not in reading.forms:
            zh, en = meant(form, reading.forms, 60)
            reading.say(
                file,
                node,
                "form-missing",
                f"的表单“{form}”不存在。{zh}",
                f'opens the form "{form}", which does not exist. {en}',
            )


def _id(reading: Reading, one: FormFile, names: list[str]) -> None:
    """The id is what a task names; one that differs from the file's name and that no task names is a slip."""
    said = one.form.schema.get("id")
    if (
        isinstance(said, str)
        and said not in names
        and said
        not in (
            one.stem,
            f"{reading.name}-{one.stem}",
            f"{reading.name}_{one.stem}",
        )
    ):
        reading.of_form(
            one,
            said,
            "form-id",
            f"表单的 id 是“{said}”，没有任务用这个 id。请写“{one.stem}”（文件名），或任务里写的 formId。",
            (
                f'The form\'s id is "{said}", which no task names. Write "{one.stem}" (the file\'s name), or what '
                "the task names."
            ),
            line=one.line(said),
        )


def _components(
    reading: Reading,
    one: FormFile,
    places: list[tuple[m.Process, m.Node]],
    known: Mapping[str, scope.Known],
    first: bool,
) -> None:
    fields = shapes.of_form(one.form)
    of_case: scope.Scope = {}
    more = False
    for process, node in places:
        of_case = shapes.all_of([of_case, scope.at_node(reading, node, known[process.id].scope)])
        more = more or known[process.id].more
    if first:
        of_case = shapes.all_of([of_case, fields])
    here = shapes.all_of([fields, of_case])
    paths = {path for path, _ in one.form.walk()}
    for path, field in one.form.walk() if places and not more else ():
        if field.readonly and "defaultValue" not in field.component and not _shown(one, path, of_case):
            zh, en = meant(path, scope.paths(of_case), 60)
            reading.of_form(
                one,
                path,
                "no-field",
                f"部件「{field.label}」只读，显示办件的“{path}”，办件里没有。{zh}",
                f'Component "{field.label}" only shows "{path}" of the case, which has none. {en}',
                line=one.line(field.key),
            )
    for component, around in templates.components(one.form):
        inner = {**here, **_row(fields, here, around)}
        where = str(component.get("key") or component.get("path") or component.get("id") or "")
        name = str(component.get("label") or where)
        for what, text in templates.expressions(component):
            node_ = _tree(text)
            if node_ is None:
                continue  # the lint of forms says it
            _read(reading, one, component, what, node_, inner, more)
            _hidden(reading, one, component, what, node_, places)
        values_key = component.get("valuesKey")
        if isinstance(values_key, str) and values_key and not shapes.has(inner, values_key) and not more:
            zh, en = meant(values_key, here, 40)
            reading.of_form(
                one,
                where,
                "no-field",
                f"部件「{name}」的选项来自“{values_key}”，表单和办件里都没有。{zh}",
                f'Component "{name}" takes its options from "{values_key}", which neither form nor case has. {en}',
                line=one.line(values_key),
            )
        _properties(reading, one, component, paths, here)


def _shown(one: FormFile, path: str, of_case: scope.Scope) -> bool:
    """Whether the case surely or perhaps holds what a read-only field shows. A field of a row is its list's."""
    return shapes.has(of_case, path) or any(
        path.startswith(f"{other}.") and field.children for other, field in one.form.walk()
    )


def _row(fields: scope.Scope, here: scope.Scope, around: tuple[str, ...]) -> scope.Scope:
    """Inside a list the fields of the row stand beside the form's, with `this`, the row (as form or case have it), and
    `parent`."""
    row: scope.Scope = {"this": OPEN, "parent": OPEN, "i": LEAF, "value": OPEN}
    for n in range(1, len(around) + 1):
        shape = shapes.at(fields, ".".join(around[:n]))
        if shape is not None and shape.some:
            whole = shapes.at(here, ".".join(around[:n])) or shape
            row |= {**shape.entries, "this": Shape(whole.entries, open=whole.open)}
    return row


def _tree(text: str) -> tree.Node | None:
    try:
        return feel.compile(text).tree
    except feel.FeelError:
        return None


def _line(one: FormFile, component: Mapping[str, object]) -> int:
    for key in ("key", "path", "id"):
        if isinstance(component.get(key), str):
            found = one.line(component[key])
            if found:
                return found
    return 0


def _read(
    reading: Reading,
    one: FormFile,
    component: Mapping[str, object],
    what: str,
    node: tree.Node,
    here: Mapping[str, Shape],
    more: bool,
) -> None:
    name = str(component.get("label") or component.get("key") or component.get("id"))
    for read in shapes.unknown(node, here, _BUILT_IN):
        if more and "." not in read.path and not nearest(read.name, read.known):
            continue
        zh, en = meant(read.name, read.known, 40)
        reading.of_form(
            one,
            str(component.get("key") or component.get("path") or component.get("id") or ""),
            "no-field",
            f"部件「{name}」的 {what} 读取“{read.path}”，表单和办件里都没有。{zh}",
            f'Component "{name}" reads "{read.path}" in its {what}, which neither the form nor the case has. {en}',
            line=_line(one, component),
        )


def _hidden(
    reading: Reading,
    one: FormFile,
    component: Mapping[str, object],
    what: str,
    node: tree.Node,
    places: list[tuple[m.Process, m.Node]],
) -> None:
    """A text that reads what its step hides would be empty there, and rightly so."""
    for _, place in places:
        rights = rights_of.rights(one.form, dict(place.extension.properties))
        for path in sorted(templates.paths(node)):
            if not rights.sees(path) and what != "conditional.hide":
                name = str(component.get("label") or component.get("key") or component.get("id"))
                reading.of_form(
                    one,
                    str(component.get("key") or component.get("id") or ""),
                    "reads-hidden",
                    f"部件「{name}」的 {what} 读取“{path}”，而步骤“{place.name or place.id}”不让看它。请去掉一处。",
                    f'Component "{name}" reads "{path}" in its {what}, but the step "{place.name or place.id}" '
                    "hides it. "
                    "Remove one of the two.",
                    line=_line(one, component),
                )


def _properties(
    reading: Reading, one: FormFile, component: Mapping[str, object], paths: set[str], here: scope.Scope
) -> None:
    found = component.get("properties")
    if not isinstance(found, Mapping):
        return
    where = str(component.get("key") or component.get("id") or "")
    name = str(component.get("label") or where)

    def say(rule: str, zh: str, en: str, text: object) -> None:
        reading.of_form(one, where, rule, zh, en, line=one.line(text))

    for key in found:
        if key not in PROPERTIES:
            zh, en = meant(str(key), PROPERTIES)
            say(
                "property-unknown",
                f"部件「{name}」的属性“{key}”没有人读。{zh}",
                f'Component "{name}" has the property "{key}", which nothing reads. {en}',
                key,
            )
    offers = found.get("offers")
    within = found.get("within")
    if within is not None and within not in WITHIN:
        zh, en = meant(str(within), WITHIN)
        said = (f"部件「{name}」的 within“{within}”不对。{zh}", f'Component "{name}" is within "{within}". {en}')
        say("offers", *said, within)
    roles = [] if reading.info is None else [n for n, role in reading.info.parties.items() if role.post]
    if isinstance(offers, str) and offers.startswith(OF_REGISTER):
        if reading.info is None:
            return  # no register of the matter is known
        beside = [part.strip() for part in str(found.get("beside") or "").split(",") if part.strip()]
        kind = str(component.get("type"))
        for zh, en in registers.offered(reading, offers.removeprefix(OF_REGISTER), kind, beside):
            say("offers", f"部件「{name}」的 offers：{zh}", f'Component "{name}" offers "{offers}": {en}', offers)
        return
    if offers is not None and offers not in (*OFFERS, *roles) and reading.info is not None:  # else: no role is known
        zh, en = meant(str(offers), (*OFFERS, *roles))
        say(
            "offers",
            f"部件「{name}」的 offers“{offers}”不存在。{zh}",
            f'Component "{name}" offers "{offers}", which does not exist. {en}',
            offers,
        )
    newer = found.get("newer_than")
    if newer is not None:
        _newer(one, component, name, str(newer), paths, here, say)
    for path in (part.strip() for part in str(found.get("signs") or "").split(",")):
        if path and not shapes.has(here, path):
            known = {*paths, *here}
            zh, en = meant(path, known, 40)
            say(
                "no-field",
                f"部件「{name}」签的内容“{path}”，表单和办件里都没有。{zh}",
                f'Component "{name}" signs "{path}", which neither the form nor the case has. {en}',
                found.get("signs"),
            )


def _newer(
    one: FormFile,
    component: Mapping[str, object],
    name: str,
    newer: str,
    paths: set[str],
    here: scope.Scope,
    say: Callable[[str, str, str, object], None],
) -> None:
    """Files that have to be newer than a moment: of a field that takes files, outside a list, and the moment is
    there."""
    at_top = any(field.component is component for field in one.form.fields)
    if component.get("type") != "filepicker" or not at_top:
        say(
            "newer-than",
            f"部件「{name}」写了 newer_than：它只用于列表以外的 filepicker（上传文件）。请去掉，或换成 filepicker。",
            f'Component "{name}" says newer_than, which belongs to a filepicker outside a list. Remove it there.',
            newer,
        )
    elif not shapes.has(here, newer):
        zh, en = meant(newer, {*paths, *here}, 40)
        say(
            "newer-than",
            f"部件「{name}」的照片要比“{newer}”新，表单和办件里都没有这个时刻。{zh}",
            f'Component "{name}" wants files newer than "{newer}", which neither the form nor the case has. {en}',
            newer,
        )


def of_matter(reading: Reading) -> None:
    """What matter.yaml says of the application form."""
    info = reading.info
    if info is None:
        return
    one = reading.forms.get(info.apply.form)
    if one is None:
        zh, en = meant(info.apply.form, reading.forms, 60)
        reading.of_matter(
            "no-form",
            f"没有申请表单“{info.apply.form}”。{zh}",
            f'There is no application form "{info.apply.form}". {en}',
            "apply",
            "form",
        )
        return
    paths = [path for path, _ in one.form.walk()]
    written = info.who.model_fields_set
    for key, path in info.who:
        if path and path not in paths and (key in written or key == "name"):
            zh, en = meant(path, paths, 60)
            reading.of_matter(
                "no-field",
                f"申请表单没有字段“{path}”（{'申请人姓名' if key == 'name' else f'who.{key}'}）。{zh}",
                f'The application form has no field "{path}". {en}',
                "who",
                key,
            )
    for n, material in enumerate(info.materials):
        if material.field and material.field not in paths:
            zh, en = meant(material.field, paths, 60)
            reading.of_matter(
                "no-field",
                f"材料“{material.name}”指向的字段“{material.field}”不在申请表单里。{zh}",
                f'The field "{material.field}" of a material is not in the application form. {en}',
                "materials",
                n,
                "field",
            )


def paths_of(form: forms.Form) -> set[str]:
    """Every path of a form, with the groups and contexts above its fields."""
    found: set[str] = set()
    for path, _ in form.walk():
        parts = path.split(".")
        found |= {".".join(parts[: n + 1]) for n in range(len(parts))}
    return found
