"""record and look-up: what a diagram puts into a register, and what it is answered in the same transaction."""

import json

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import gate
from engine.errors import Invalid
from engine.findings import errors
from engine.store.models import Case, Event, RegisterEntry
from tests.between import small
from tests.check.drawing import file, short
from tests.check.test_gate import COUNTY, HOUSE
from tests.commands import acting
from tests.conftest import NOW

REGISTERS = """
registers:
  volunteer:
    title: 志愿者
    title_en: Volunteers
    about: person
    fields:
      skill: {title: 特长, type: choice, options: {barber: 理发, nurse: 护理}}
      illness: {title: 健康, kind: health, readers: [head]}
      insured: {title: 保险到期, type: date}
    states: {active: 在册, left: {title: 已退出, ends: true}}
    valid_until: insured
    readers: [window]
    search: [name, skill]
  book:
    title: 图书
    title_en: Books
    about: thing
    key: barcode
    fields:
      barcode: {title: 条码, required: true}
      title: {title: 书名}
      count: {title: 本数, type: number, least: 0}
    readers: [window]
    search: [key]
"""
FORM = [
    {"type": "textfield", "id": "f1", "key": "applicant.name", "label": "姓名", "validate": {"required": True}},
    {"type": "textfield", "id": "f2", "key": "applicant.phone", "label": "电话"},
    {"type": "textfield", "id": "f3", "key": "skill", "label": "特长"},
    {"type": "textfield", "id": "f4", "key": "insured", "label": "保险到期"},
]
START, END = '<startEvent id="s"/>', '<endEvent id="e"/>'
FACTS = small.given("facts.skill", "=skill") + small.given("facts.insured", "=insured")
RECORD = small.service("put", "record", "register=volunteer", FACTS)


def look(headers="register=volunteer", inputs="", more=""):
    return small.service("look", "look-up", headers, inputs) + more


def chain(*bodies, ids):
    flows = " ".join(f"<flow {a} {b}/>" for a, b in zip(["s", *ids], [*ids, "e"], strict=True))
    return START + "".join(bodies) + small.task("see", "看") + END + flows


def matter(body, registers=REGISTERS, more=""):
    files = dict(
        small.matter("volunteers", "登记", START + small.task("see", "看") + "<flow s see/><flow see e/>" + END).files
    )
    info = files["bpmn/volunteers/matter.yaml"].decode().replace('phone: ""', "phone: applicant.phone")
    files["bpmn/volunteers/matter.yaml"] = (info + registers + more).encode()
    files["bpmn/volunteers/process.bpmn"] = file(
        short(f'<process id="volunteers" name="登记" isExecutable="true">{body}</process>')
    )
    form = {"type": "default", "id": "ask", "schemaVersion": 19, "components": FORM}
    files["forms/volunteers/ask.form"] = json.dumps(form).encode()
    return files


def opened(files):
    return matters.read("volunteers", files)


def apply(database, cast, files, **answers):
    small.publish(database, NOW, opened(files))
    raw = {"applicant": {"name": "张三丰", "phone": "13800000001"}, **answers}
    return small.submit(database, "volunteers", cast.zhang, NOW, **raw)


def test_an_entry_is_recorded_and_found_again_in_the_same_transaction(database, cast):
    body = chain(RECORD, look("register=volunteer", small.given("where.skill", "=skill")), ids=["put", "look", "see"])
    with acting.counted(database) as seen:
        case_id = apply(database, cast, matter(body), skill="barber", insured="2027-01-31")
    answers = small.answers(database, case_id)
    assert answers["found"] is True and answers["more"] is False
    assert [e["name"] for e in answers["entries"]] == ["张三丰"]
    entry = answers["entry"]
    assert (entry["skill"], entry["insured"], entry["state"], entry["valid_until"]) == (
        "barber",
        "2027-01-31",
        "active",
        "2027-01-31",
    )
    assert "illness" not in entry
    assert seen["commits"] == 2  # the publishing and the application
    with database.reading() as work:
        row = work.session.scalars(select(RegisterEntry)).one()
        case = work.session.get_one(Case, case_id)
        assert (row.register, row.case_id, row.unit_id, row.place_id) == (
            "volunteers.volunteer",
            case_id,
            case.office_id,
            case.place_id,
        )
        kinds = work.session.scalars(select(Event.kind).where(Event.case_id == case_id).order_by(Event.seq)).all()
        assert kinds.count("record.added") == 1 and kinds.count("effect.answered") == 1


def test_who_applies_again_changes_their_entry(database, cast):
    files = matter(chain(RECORD, ids=["put", "see"]))
    apply(database, cast, files, skill="barber")
    apply(database, cast, files, skill="nurse", insured="2027-05-01")
    with database.reading() as work:
        row = work.session.scalars(select(RegisterEntry)).one()
        assert (row.version, row.facts) == (2, {"skill": "nurse", "insured": "2027-05-01"})


def test_a_value_that_does_not_fit_is_refused_and_nothing_is_kept(database, cast):
    with pytest.raises(Invalid) as refused:
        apply(database, cast, matter(chain(RECORD, ids=["put", "see"])), skill="cook")
    assert [f.field for f in refused.value.fields] == ["facts.skill"]
    with database.reading() as work:
        assert work.session.scalars(select(RegisterEntry)).all() == []


def test_nothing_found_is_an_answer_or_an_error_that_the_diagram_catches(database, cast):
    look_it = look("register=volunteer none=error", small.given("person", "=applicant"))
    body = (
        '<startEvent id="s"/>'
        + look_it
        + '<boundaryEvent id="b" attachedToRef="look"><errorEventDefinition errorRef="n"/></boundaryEvent>'
        + small.task("see", "看")
        + small.task("none", "没有")
        + "<endEvent id='e'/><flow s look/><flow look see/><flow see e/><flow b none/><flow none e/>"
    )
    files = matter(body)
    drawn = files["bpmn/volunteers/process.bpmn"].decode()
    assert "<process" in drawn or "process" in drawn
    files["bpmn/volunteers/process.bpmn"] = file(
        short(
            '<error id="n" name="n" errorCode="NOT_FOUND"/>'
            f'<process id="volunteers" name="登记" isExecutable="true">{body}</process>'
        )
    )
    case_id = apply(database, cast, files)
    assert small.waiting(database, case_id) == {"none"}
    plain = matter(chain(look("register=volunteer", small.given("person", "=applicant")), ids=["look", "see"]))
    case_id = apply(database, cast, plain)
    assert small.answers(database, case_id)["found"] is False
    assert small.answers(database, case_id)["entry"] is None


def test_health_data_are_answered_only_for_a_purpose_and_leave_a_line(database, cast):
    put = small.service("put", "record", "register=volunteer", small.given("facts.illness", "=&quot;高血压&quot;"))
    inputs = small.given("person", "=applicant")
    files = matter(
        chain(put, look("register=volunteer sensitive=true purpose=排班", inputs), ids=["put", "look", "see"])
    )
    case_id = apply(database, cast, files)
    assert small.answers(database, case_id)["entry"]["illness"] == "高血压"
    with database.reading() as work:
        event = work.session.scalars(select(Event).where(Event.kind == "register.read")).one()
        assert (event.case_id, event.facts["fields"], event.facts["purpose"]) == (case_id, ["illness"], "排班")


def test_only_the_valid_are_found_unless_all_are_asked_for(database, cast):
    def found(only):
        inputs = small.given("person", "=applicant")
        files = matter(chain(look(f"register=volunteer only={only}", inputs), ids=["look", "see"]))
        return small.answers(database, apply(database, cast, files))["found"]

    apply(database, cast, matter(chain(RECORD, ids=["put", "see"])), insured="2026-09-01")  # passed
    assert (found("valid"), found("all")) == (False, True)


TAKES = ("add.count", "=-2")


def test_what_is_taken_is_taken_from_what_is_there_and_refused_where_the_answer_says(database, cast):
    def files(n, headers="register=book"):
        inputs = small.given("facts.barcode", "=skill") + small.given("add.count", f"={n}")
        return matter(chain(small.service("put", "record", headers, inputs), ids=["put", "see"]))

    apply(database, cast, files(5), skill="B1")
    apply(database, cast, files(-3), skill="B1")
    with database.reading() as work:
        assert work.session.scalars(select(RegisterEntry)).one().facts["count"] == 2
    for headers, field in (("register=book", "add.count"), ("register=book answers=skill", "skill")):
        with pytest.raises(Invalid) as refused:
            apply(database, cast, files(-3, headers), skill="B1")
        assert [f.field for f in refused.value.fields] == [field]
        assert "不能少于 0" in refused.value.fields[0].zh
    with database.reading() as work:
        assert work.session.scalars(select(RegisterEntry)).one().facts["count"] == 2


SLIPS = [
    # (what stands there, what is written, rule, what is offered)
    ("register=volunteer", "register=volunter", "header-value", "volunteer"),
    ("facts.skill", "facts.skil", "register-field", "skill"),
    ("where.skill", "where.skil", "register-field", "skill"),
    ("add.count", "add.cuont", "register-field", "count"),
    ("add.count", "add.title", "register-field", "count"),
    ("facts.title", "facts.count", "register-field", "只写一个"),
    ("least: 0", "laest: 0", "matter", "least"),
    ("state=left", "state=letf", "header-value", "left"),
    ("most=5", "most=5000", "header-value", "200"),
    ("=entry.insured", "=entry.insurde", "unset-variable", "insured"),
    ("readers: [window]", "readers: [windwo]", "post", "window"),
    ("readers: [head]", "readers: [haed]", "post", "head"),
    ("search: [name, skill]", "search: [name, skil]", "matter", "skill"),
    ("valid_until: insured", "valid_until: insurde", "matter", "insured"),
    ("key: barcode", "key: barcod", "matter", "barcode"),
    ("kind: health", "kind: helth", "matter", "health"),
]


@pytest.mark.parametrize(("right", "slip", "rule", "offered"), SLIPS)
def test_a_slip_is_found_with_the_nearest_word(right, slip, rule, offered):
    inputs = small.given("where.skill", "=skill")
    say = '<scriptTask id="say" name="写"><extensionElements><zeebe:script expression="=entry.insured" '
    say += 'resultVariable="until"/></extensionElements></scriptTask>'
    put = small.service("put", "record", "register=volunteer state=left", FACTS)
    book = "".join(small.given(*one) for one in (("facts.barcode", "=skill"), ("facts.title", "=skill"), TAKES))
    stock = small.service("stock", "record", "register=book answers=skill", book)

    def files(a="", b=""):
        def swap(text):
            head, _, rest = b.partition("=")
            if a and "=" in a and a.split("=")[0] in ("register", "state", "most"):
                return text.replace(f'value="{a.split("=")[1]}"', f'value="{rest}"')
            return text.replace(a, b) if a else text

        found = matter(
            swap(
                chain(
                    put,
                    stock,
                    look("register=volunteer most=5", inputs),
                    say,
                    ids=["put", "stock", "look", "say", "see"],
                )
            )
        )
        yaml = found["bpmn/volunteers/matter.yaml"].decode()
        found["bpmn/volunteers/matter.yaml"] = (yaml.replace(a, b, 1) if a else yaml).encode()
        return found

    def said(found):
        checked = errors(gate.check(matters.Source("volunteers", found), COUNTY, house=HOUSE))
        return [f for f in checked if f.rule in (rule,)]

    assert said(files()) == []
    assert any(offered in f.message_zh for f in said(files(right, slip))), said(files(right, slip))


def test_sensitive_data_without_a_purpose_are_refused_by_the_gate():
    files = matter(chain(look("register=volunteer sensitive=true"), ids=["look", "see"]))
    found = errors(gate.check(matters.Source("volunteers", files), COUNTY, house=HOUSE))
    assert any("purpose" in f.message_zh for f in found)


def test_what_a_form_lets_people_choose_must_be_an_option_of_the_field():
    files = matter(chain(RECORD, ids=["put", "see"]))
    skill = {"type": "select", "id": "f3", "key": "skill", "label": "特长"}

    def said(*values):
        one = {**skill, "values": [{"value": v, "label": v} for v in values]}
        form = {"type": "default", "id": "ask", "schemaVersion": 19, "components": [*FORM[:2], one, FORM[3]]}
        changed = {**files, "forms/volunteers/ask.form": json.dumps(form, ensure_ascii=False).encode()}
        found = errors(gate.check(matters.Source("volunteers", changed), COUNTY, house=HOUSE))
        return [f.message_zh for f in found if f.rule == "register-field"]

    assert said("barber", "nurse") == []
    assert len(said("barber", "nruse")) == 1 and "nurse" in said("nruse")[0]
