"""An inspector reads the record on a telephone and at a desk: words, and nothing to be pushed sideways."""

import pytest

from engine.commands.hall import posts
from engine.people import SYSTEM, login
from engine.store.models import Post, User
from tests.browser.conftest import Site, axe, english_left
from tests.cast import PASSWORD
from tests.commands import acting

pytestmark = [pytest.mark.browser, pytest.mark.wide, pytest.mark.xdist_group("browser")]


def test_the_record_is_read_on_a_telephone(site: Site):
    now = site.clock()
    acting.finished(site.database, site.cast, site.clock)
    with site.database.unit_of_work() as work:
        work.session.add(Post(code="auditor", name="审计管理员", name_en="Auditor", role="auditor"))
        work.session.flush()
        user = posts.open_account(work, "shenji", "钟审计", by=SYSTEM, now=now)
        posts.take(work, user.id, site.cast.county.id, "auditor", by=SYSTEM, now=now)
        work.session.get_one(User, user.id).password_hash = login.hash_password(PASSWORD)
    for width in (360, 1440):
        page = site.staff("shenji", width)
        for press in ("", "全部核验"):
            page.goto("/desk/audit")
            if press:
                page.get_by_role("button", name=press).click()
                page.get_by_role("heading", name="核验结果").wait_for()
            assert axe(page) == [], (width, press)
            # Numbers of papers are letters by chance: those that stand alone are words of the program.
            assert [one for one in english_left(page) if one.lower() == one] == [], (width, press)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{wide} px too wide at {width}"
    assert site.troubles == []
