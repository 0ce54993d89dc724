"""授权委托书 that the hall had signed: a paper of the case, read back from its PDF, for the two and who handles it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.commands.worker import background
from engine.errors import NotFound
from engine.reads import aloud, case_page
from engine.records import files
from engine.store.models import Case, Document, File, Notice
from tests import cast as the_cast
from tests.commands.test_mandate_signed import ELDER, FIRE, SIGNED, file_it, on_the_roll, sign
from tests.papers.made import flat, text
from tests.papers.test_issued import Here


@pytest.fixture
def folk(sqlite: Any, clock: Any) -> Any:
    return the_cast.hired(sqlite, clock(), ("gaoling", "linshi"))


def made(database: Any, now: Any) -> list[Document]:
    """The mandates of the hall, once the worker has drawn what waited."""
    tools = background.Equipment(press=Here(), public_url="https://hall.example.cn", sign=False)
    while background.run(database, tools, now=now):
        pass
    with database.reading() as work:
        return list(work.session.scalars(select(Document).where(Document.kind == "authority")))


def read(database: Any, paper: Document, folder: Any) -> str:
    with database.reading() as work:
        return flat(text(files.read(work, work.session.get_one(File, paper.file_id)), folder))


def papers_of(database: Any, cast: Any, clock: Any, case_id: int, who: str) -> Iterator[str]:
    with database.reading() as work:
        page = case_page.page(work, case_id, actor=cast.actor(who, clock(), work), now=clock())
        yield from (one.kind for one in page.papers)


def test_it_names_both_the_matter_the_scope_the_term_and_that_it_is_not_passed_on(
    sqlite: Any, folk: Any, clock: Any, tmp_path: Any
) -> None:
    case_id = file_it(sqlite, folk, clock, {**SIGNED, "scope": ["submit", "fetch"]})
    (paper,) = made(sqlite, clock())
    assert (paper.case_id, paper.state, paper.number) == (case_id, "ready", None)
    words = read(sqlite, paper, tmp_path)
    for said in (
        "授权委托书",
        "委托人陈秀英",
        "代理人陈小云",
        "单位苏洋村",
        "高龄津贴（受理窗口：德化县民政局）",
        "1.提交申请表和材料；2.领取并转交办理结果；",
        "自2026年9月18日起至2026年12月31日止",
        "代理人不得转委托",
        "2026年9月18日09:00屏上手写",
        paper.facts["data_sha256"],
    ):
        assert said in words, (said, words)
    assert "补正" not in words and "代理人签名" not in words, "what was not given is not printed, nor who did not sign"
    assert ELDER["applicant"]["id_number"] not in words


def test_its_words_are_those_of_the_day_it_was_signed(sqlite: Any, folk: Any, clock: Any) -> None:
    case_id = file_it(sqlite, folk, clock, SIGNED)
    with sqlite.unit_of_work() as work:
        case = work.session.get_one(Case, case_id)
        case.answers = {**case.answers, "mandate": {**case.answers["mandate"], "until": "2027-12-31"}}
    (paper,) = made(sqlite, clock())
    assert paper.facts["until_on"] == "2026-12-31" and paper.facts["principal"]["name"] == "陈秀英"


def test_of_who_does_not_write_it_says_by_whom_the_mark_was_seen(
    sqlite: Any, folk: Any, clock: Any, tmp_path: Any
) -> None:
    case_id = on_the_roll(sqlite, folk, clock)
    assert made(sqlite, clock()) == [], "nobody signed on the roll's screen"
    with sqlite.unit_of_work() as work:
        photo = str(files.store(work, b"a mark", "mark.jpg", "image/jpeg", now=clock(), owner_id=folk.chen.id).id)
    clock.on(days=2)
    marked = {"scope": ["submit"], "until": "2026-12-31", "how": "marks", "mark": [photo], "witness": "苏水生"}
    sign(sqlite, folk, clock, case_id, marked)
    (paper,) = made(sqlite, clock())
    words = read(sqlite, paper, tmp_path)
    for said in ("当面按指印，见证人：苏水生", "指印照片存档", "自2026年9月20日起"):
        assert said in words, (said, words)


def test_agent_principal_and_staff_of_the_case_see_it_and_the_principal_is_told(
    sqlite: Any, folk: Any, clock: Any
) -> None:
    case_id = file_it(sqlite, folk, clock, SIGNED)
    for who in ("chen", "sun"):
        assert "authority" in papers_of(sqlite, folk, clock, case_id, who), who
    with pytest.raises(NotFound):
        list(papers_of(sqlite, folk, clock, case_id, "huang"))
    with sqlite.unit_of_work() as work:
        case = work.session.get_one(Case, case_id)
        case.applicant_id = folk.users["zhang"]
        (sent,) = work.session.scalars(select(Notice).where(Notice.kind == "mandate"))
        assert (sent.channel, sent.address) == ("sms", ELDER["applicant"]["phone"])
        assert sent.text.startswith("您委托陈小云代办“高龄津贴”") and "2026年12月31日" in sent.text
    assert "authority" in papers_of(sqlite, folk, clock, case_id, "zhang")


def test_who_has_no_telephone_is_read_it(sqlite: Any, folk: Any, clock: Any) -> None:
    nobodys = {**ELDER, "applicant": {**ELDER["applicant"], "phone": "0595-23512345"}}
    with sqlite.unit_of_work() as work:
        chen = folk.actor("chen", clock(), work)
        said = {**nobodys, "mandate": SIGNED}
        cases.submit(work, "gaoling", said, by=chen, now=clock(), channel="agent", place=folk.suyang)
    with sqlite.reading() as work:
        assert not list(work.session.scalars(select(Notice).where(Notice.kind == "mandate")))
        unread = aloud.waiting(work, folk.actor("chen", clock(), work), now=clock())
        assert [one.name for one in unread] == ["陈秀英"]


def test_what_the_village_found_has_no_mandate_and_no_paper_of_one(sqlite: Any, folk: Any, clock: Any) -> None:
    file_it(sqlite, folk, clock, {"ground": "found"}, matter="linshi")
    assert made(sqlite, clock()) == []
    file_it(sqlite, folk, clock, {**SIGNED, "ground": "mandate"}, matter="linshi", key="2")
    assert [one.facts["principal"]["name"] for one in made(sqlite, clock())] == [FIRE["applicant"]["name"]]
