"""parties, tells, meeting, mandate, order: every name in them means somebody, some answer, some message or step of the
matter."""

from __future__ import annotations

from collections.abc import Collection

from engine import feel
from engine.findings import meant
from engine.matters import mandates, orders
from engine.matters.gate import people
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.reading import Reading
from engine.matters.nouns.offers import Offer
from engine.matters.nouns.registers import Register
from engine.matters.taking_part import ALWAYS, VERBS, Tell
from engine.process.language import model as m


def check(reading: Reading) -> None:
    info = reading.info
    if info is None:
        return
    answers = {path for one in reading.forms.values() for path in paths_of(one.form)}
    answers |= {path.rpartition(".")[0] for path in answers if "." in path}
    answers |= _made(reading)
    staff = [name for name, role in info.parties.items() if role.post]
    outside = [name for name in info.parties if name not in staff]
    for name, role in info.parties.items():
        if role.post:
            people.known_post(reading, role.post, "parties", name, "post")
        if role.register_:
            _register(reading, name, role.register_)
        _name(reading, role.source, answers, ("没有答案", "no answer"), "parties", name, "from")
        if role.objected:
            _name(reading, role.objected, answers, ("没有答案", "no answer"), "parties", name, "objected")
        if role.in_person is not None:
            people.known_post(reading, role.in_person.post, "parties", name, "in_person", "post")
            _in_person(reading, name)
    for name, tell in info.tells.items():
        _tell(reading, name, tell, staff, outside)
    steps = {node.id for _, _, _, node in reading.nodes("userTask", "manualTask")}
    if info.meeting is not None:
        _name(
            reading,
            info.meeting.led_by,
            staff,
            ("parties 里没有带 post 的角色", "no role of staff"),
            "meeting",
            "led_by",
        )
        offers = {
            name
            for name, one in reading.declared("offers").items()
            if isinstance(one.what, Offer) and one.what.kind in ("room", "time")
        }
        for n, name in enumerate(info.meeting.holds):
            _name(
                reading,
                name,
                offers,
                ("没有供给（room、time）", "no offer of kind room or time"),
                "meeting",
                "holds",
                n,
            )
        if info.meeting.due:
            _name(reading, info.meeting.due, steps, ("没有要人办的步骤", "no step that people do"), "meeting", "due")
    _agents(reading, answers)
    if info.mandate is not None:
        _name(reading, info.mandate.until, answers, ("没有答案", "no answer"), "mandate", "until")
        _name(reading, info.mandate.signature, answers, ("没有答案", "no answer"), "mandate", "signature")
        _reads(reading, info.mandate.acts, answers, "mandate", "acts")
        if info.mandate.ends:
            messages = {one.name for diagram in reading.diagrams.values() for one in diagram.messages if one.name}
            what = ("流程图里没有消息", "no message of the diagram is")
            _name(reading, info.mandate.ends, messages, what, "mandate", "ends")
    _reads(reading, info.apply.unless, answers, "apply", "unless")
    if info.apply.consent_over.ends:
        messages = {one.name for diagram in reading.diagrams.values() for one in diagram.messages if one.name}
        what = ("流程图里没有消息", "no message of the diagram is")
        _name(reading, info.apply.consent_over.ends, messages, what, "apply", "consent_over", "ends")
    if info.order is not None:
        _name(reading, info.order.signed, steps, ("没有要人办的步骤", "no step that people do"), "order", "signed")
        for name in orders.TOLD:
            _reads(reading, getattr(info.order, name), answers, "order", name)
    for file, _, _, node in reading.nodes("serviceTask"):
        _effect(reading, file, node, staff)


def _agents(reading: Reading, answers: Collection[str]) -> None:
    """What an agent acts on: a signature that somebody really gives, the hall's own fields under their own name, or a
    law of the matter's basis."""
    info = reading.info
    assert info is not None
    if info.agent_basis:
        known = [one.id for one in info.basis]
        what = ("basis 里没有依据", "no basis with the id")
        _name(reading, info.agent_basis, known, what, "agent_basis")
    if info.agent_basis and (not info.agent or info.mandate is not None):
        reading.of_matter(
            "mandate-basis",
            "agent_basis 说没有委托书也可以替人提出，但这个事项不能代办，或者委托书由自己的流程签，大厅不会问。"
            "请写 agent: true、去掉 mandate，或者删去 agent_basis。",
            "agent_basis lets a village ask without a mandate, but no agent may file this matter, or its own diagram "
            "has the mandate signed and the hall asks nothing. Write agent: true without `mandate`, or remove it.",
            "agent_basis",
        )
    if info.mandate is not None:
        signed = {
            path
            for one in reading.forms.values()
            for path, field in one.form.walk()
            if field.properties.get("check") == "signature"
        }
        where = info.mandate.signature  # a name that is no answer at all is said above
        if signed and where in answers and where not in signed:
            zh, en = meant(info.mandate.signature, signed, 40)
            reading.of_matter(
                "mandate-unsigned",
                f"mandate 的签名写在“{info.mandate.signature}”，那一项不是签名（check: signature），"
                f"随便填几个字就成了委托。{zh}",
                f'mandate reads its signature from "{info.mandate.signature}", which is no field that is signed '
                f"(check: signature): any words there would make a mandate. {en}",
                "mandate",
                "signature",
            )
    elif info.agent and not info.internal:
        form = reading.forms.get(info.apply.form)
        taken = paths_of(form.form) if form is not None else set()
        if mandates.KEY in taken:
            reading.of_matter(
                "mandate-name",
                f"申请表单有一项“{mandates.KEY}”，代办收件时大厅问委托书，答案就用这个名字。请换一个名字；委托书由自己的流程签的，"
                "在 matter.yaml 写 mandate。",
                f'The application form has an answer "{mandates.KEY}", under which the hall keeps the mandate that an '
                "agent has signed. Rename it; where the diagram itself has it signed, say so in `mandate`.",
                "apply",
                "form",
            )


def _reads(reading: Reading, text: str, answers: Collection[str], *path: object) -> None:
    """What FEEL of a declaration reads must be an answer."""
    for read in feel.compile(text.removeprefix("=") or "null").reads:
        name = ".".join((read.name, *read.path))
        if not any(name == one or name.startswith(f"{one}.") or one.startswith(f"{name}.") for one in answers):
            _name(reading, name, answers, ("没有答案", "no answer"), *path)


def _register(reading: Reading, role: str, register: str) -> None:
    """Whom one is chosen from: a register of the hall's own people."""
    staff = {
        name
        for name, one in reading.declared("registers").items()
        if isinstance(one.what, Register) and one.what.accounts == "staff"
    }
    what = ("没有工作人员的台账（accounts: staff）", "no register of staff (accounts: staff)")
    _name(reading, register, staff, what, "parties", role, "register")


def _in_person(reading: Reading, role: str) -> None:
    """What is done in person is a step for one of them: its variable has the role's name."""
    turns = {node.loop.input_element for _, _, _, node in reading.nodes() if node.loop is not None}
    if role not in turns:
        reading.of_matter(
            "in-person-nothing",
            f"in_person 说“{role}”可以当面办理，但流程图里没有他们自己的步骤。请让那一步对每个人各办一次（多实例，"
            f"inputElement 写“{role}”），或删去 in_person。",
            f'in_person lets "{role}" act in person, but no step of the diagram is theirs. Let the step be done once '
            f'for each of them (multi-instance, inputElement "{role}"), or remove in_person.',
            "parties",
            role,
            "in_person",
        )


def _tell(reading: Reading, name: str, tell: Tell, staff: list[str], outside: list[str]) -> None:
    info = reading.info
    assert info is not None
    if name in VERBS:
        reading.of_matter(
            "tell-name",
            f"“{name}”已有固定的意思，请换一个名字。",
            f'"{name}" means something already; choose another name.',
            "tells",
            name,
        )
    for n, one in enumerate(tell.who):
        known = [*ALWAYS, *info.parties, *info.groups]
        _name(reading, one, known, ("没有角色或候选组", "no role or group"), "tells", name, "who", n)
    for n, one in enumerate(tell.taken_down_by):
        known = [*staff, *info.groups]
        _name(
            reading,
            one,
            known,
            ("没有工作人员的角色或候选组", "no role or group of staff"),
            "tells",
            name,
            "taken_down_by",
            n,
        )
    if tell.taken_down_by and not {*ALWAYS, *outside} & set(tell.who):
        reading.of_matter(
            "tell-for-nobody",
            "taken_down_by 让工作人员登记当事人说的话，但 who 里没有当事人。请补上，或删去 taken_down_by。",
            "taken_down_by lets staff write down what a party said, but who names no party. Add one, or remove it.",
            "tells",
            name,
            "taken_down_by",
        )
    messages = {one.name for diagram in reading.diagrams.values() for one in diagram.messages if one.name}
    _name(
        reading, tell.message, messages, ("流程图里没有消息", "no message of the diagram is"), "tells", name, "message"
    )
    if tell.while_:
        steps = {node.id for _, _, _, node in reading.nodes("userTask", "manualTask")}
        _name(reading, tell.while_, steps, ("没有要人办的步骤", "no step that people do"), "tells", name, "while")
    for path, asked in tell.asks.items():
        if asked.people:
            _name(
                reading,
                asked.people,
                list(info.parties),
                ("没有角色", "no role"),
                "tells",
                name,
                "asks",
                path,
                "people",
            )


def _effect(reading: Reading, file: str, node: m.Node, staff: list[str]) -> None:
    info, kind = reading.info, node.extension.task_type
    assert info is not None
    if kind == "check-chosen" and (role := node.extension.header("role") or "") not in staff:
        zh, en = meant(role, staff, 40)
        reading.say(
            file,
            node,
            "role-unknown",
            f"核对的角色“{role}”不是 matter.yaml 的 parties 里带 post 的角色。{zh}",
            f'checks the role "{role}", which is no role of staff in matter.yaml. {en}',
        )
    meets = kind == "book" and any(io.target == "starts_at" for io in node.extension.inputs)
    if (meets or kind == "release" and node.extension.header("meeting")) and info.meeting is None:
        reading.say(
            file,
            node,
            "meeting-missing",
            "约定会面，但 matter.yaml 没有 meeting：一起订哪几项、由谁主持。请补上。",
            "books a meeting, but matter.yaml has no `meeting`: what is booked together and who leads it. Add it.",
        )


def _made(reading: Reading) -> set[str]:
    """Answers that the diagram makes itself: results of scripts, decisions and lists."""
    found: set[str] = set()
    for _, _, _, node in reading.nodes():
        said = node.extension
        found |= {name for name in (said.result, *(io.target for io in said.outputs)) if name}
    return found


def _name(reading: Reading, name: str, known: Collection[str], what: tuple[str, str], *path: object) -> None:
    if name not in known:
        zh, en = meant(name, known, 40)
        where = "taking-part"
        reading.of_matter(where, f"{what[0]}“{name}”。{zh}", f'There is {what[1]} "{name}". {en}', *path)
