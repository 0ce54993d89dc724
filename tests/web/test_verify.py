"""查文书真假: what a stranger learns from a code or from a file."""

import hashlib
import io

from sqlalchemy import select

from engine.commands.worker import background
from engine.people import SYSTEM
from engine.records import documents, papers
from engine.store.models import Case, Document, File
from tests.commands import acting
from tests.hall import Open

PDF = b"%PDF-1.7 a paper of the tests"


class Press:
    def render(self, job: papers.Job) -> papers.Made:
        pdf = PDF + job.check_code.encode()
        return papers.Made(pdf, hashlib.sha256(pdf).hexdigest(), "", 1, False)


def _issued(hall: Open) -> dict[str, Document]:
    acting.accepted(hall.database, hall.cast, hall.clock)
    while background.run(hall.database, background.Equipment(press=Press()), now=hall.clock()):
        pass
    with hall.database.reading() as work:
        return {row.kind: row for row in work.session.scalars(select(Document))}


def test_a_code_tells_kind_number_masked_name_day_organ_state_and_hash(hall: Open):
    row = _issued(hall)["acceptance"]
    text = hall.client().get(f"/v/{row.check_code}").text
    for words in ("受理通知书", row.number, "张*丰", "德化县医疗保障局", "2026年9月18日", "有效", row.sha256):
        assert words in text, words
    assert "张三丰" not in text and "13800000001" not in text


def test_a_code_is_read_however_people_type_it(hall: Open):
    code = _issued(hall)["acceptance"].check_code
    wide = code.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)})
    for typed in (
        code.lower(),
        code.replace("-", ""),
        code.replace("-", " "),
        f"  {wide.lower()} ",
        wide.replace("－", "　"),
    ):
        answer = hall.client().post("/v", data={"code": typed}, follow_redirects=True)
        assert answer.status_code == 200 and "有效" in answer.text, typed
    assert hall.client().post("/v", data={"code": "ABCD-1"}, follow_redirects=True).status_code == 404
    assert hall.client().post("/v", data={"code": ""}, follow_redirects=True).status_code == 404


def test_a_void_paper_says_so_and_keeps_its_code(hall: Open):
    row = _issued(hall)["acceptance"]
    with hall.database.unit_of_work() as work:
        documents.void(work, row.id, "印错了", by=SYSTEM, now=hall.clock())
    text = hall.client().get(f"/v/{row.check_code}").text
    assert "这份文书已经作废" in text and "有效</" not in text and row.number in text


def test_a_paper_of_which_the_newest_counts_is_said_to_be_replaced(hall: Open):
    row = _issued(hall)["acceptance"]
    with hall.database.unit_of_work() as work:
        newer = documents.issue(
            work,
            "acceptance",
            row.facts,
            key="again",
            organ=hall.cast.yb,
            by=SYSTEM,
            now=hall.clock(),
            case=work.session.get(Case, row.case_id),
        )
        number = newer.number
    text = hall.client().get(f"/v/{row.check_code}").text
    assert "这份文书已被替换，以新的为准" in text and number in text


def test_a_file_is_compared_byte_for_byte_and_not_kept(hall: Open):
    row = _issued(hall)["acceptance"]
    client = hall.client()

    def sent(data: bytes, **more: str):
        return client.post("/v/file", data={"file": (io.BytesIO(data), "a.pdf"), **more})

    whole = PDF + row.check_code.encode()
    assert "与原件一模一样" in sent(whole).text
    assert "与原件一模一样" in sent(whole, code=row.check_code).text
    changed = sent(whole + b" ", code=row.check_code)
    assert changed.status_code == 200 and "与原件不同" in changed.text
    unknown = sent(whole + b" ")
    assert unknown.status_code == 404 and "改动过" in unknown.text
    assert sent(whole, code="zzz").status_code == 404
    assert client.post("/v/file", data={}).status_code == 404
    with hall.database.reading() as work:
        assert {one.type for one in work.session.scalars(select(File))} == {"application/pdf"}
        assert len(list(work.session.scalars(select(File)))) == 4  # the papers themselves


def test_guessing_codes_is_stopped(hall: Open):
    client = hall.client()
    answers = [client.get("/v/ABCD-EFGH-JKLM-NPQR").status_code for _ in range(62)]
    assert answers[0] == 404 and answers[-1] == 429
    assert client.post("/v/file", data={}).status_code == 429
