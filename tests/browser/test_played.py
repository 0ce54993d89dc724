"""A story of a matter is played through pages, on a telephone of 360 pixels and at a desk of 1440, and ends as it says:
found in two taps, filled in, looked over, sent; each step taken and done; read at the end. (That every matter can be
asked for on a telephone, test_every_matter sees.) With YIZHAN_PICTURES=folder every page is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine import matters
from engine.matters import stories
from tests.browser import playing
from tests.browser.conftest import serving_it
from tests.cast import ROOT
from tests.conftest import Clock, fresh_database
from tests.hall import Open
from web.app import create_app
from web.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.wide, pytest.mark.xdist_group("browser")]

#: Those that were played. A further one is a word here; none needs a line of its own below.
PLAYED = (
    "aixinzhan",
    "bangbang",
    "baoxiao",
    "caifa",
    "canguan",
    "canji",
    "canji_butie",
    "canji_fuju",
    "canji_yanglao",
    "canji_yibao",
    "canji_zheng",
    "canyin",
    "changzhe",
    "chidao",
    "daiban",
    "dangfei",
    "daoban",
    "dengji_zhiyuanzhe",
    "ertonghui",
    "ertongjia",
    "fanying",
    "fuer",
    "fuwujilu",
    "fuwuquan",
    "ganxu",
    "gaoling",
    "gongxiang",
    "goumai",
    "huage",
    "huicun",
    "huodongshi",
    "jianfang",
    "jiangtang",
    "jiankang",
    "jieren",
    "jisong",
    "juanshu",
    "juanzeng",
    "kaidian",
    "kaidian_mentou",
    "kaidian_xiaofang",
    "kaidian_zhizhao",
    "kanhai",
    "lianban",
    "lingyong",
    "linshi",
    "liudong",
    "pipei",
    "rencai",
    "renchang",
    "rizhao",
    "rizhao_bian",
    "rizhao_dao",
    "rizhao_shi",
    "rongru",
    "shangjia",
    "shenhou",
    "shenhou_hukou",
    "shenhou_jintie",
    "shenhou_yanglao",
    "shenhou_yibao",
    "shitang",
    "shunfeng",
    "sidianban",
    "sidianban_tui",
    "tanqin",
    "tongbao",
    "tousu",
    "wangge",
    "weidao",
    "weiqian",
    "wenhou",
    "xunche",
    "xunzhen",
    "xunzhenji",
    "yaoqian",
    "yidi",
    "yishi",
    "yuyue",
    "zanting",
    "zhiban",
    "zhiyuan",
    "zuzhi",
)


@pytest.fixture(scope="module")
def stage(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    browser: Any,
    equipment: Any,
    _sqlite_templates: Path,
) -> Iterator[playing.Stage]:
    home, clock = tmp_path_factory.mktemp("stage"), Clock(datetime(2026, 9, 18, 2, 0, tzinfo=UTC))
    with fresh_database(request, home, "sqlite") as database:
        settings = Settings(home=home, database_url="", secret_key="a key of the tests")
        app = create_app(settings, database=database, clock=clock, testing=True)
        app.config["WTF_CSRF_ENABLED"] = True
        with serving_it(Open(app, database, None, clock), browser, equipment) as site:  # type: ignore[arg-type]
            yield playing.Stage(site, _sqlite_templates / "empty.db")


def story_of(package: matters.Package) -> stories.Story:
    """The first that a resident begins on a page, else that anybody begins on one, else the first."""
    told = stories.read(package)
    begun = [one for one in told if playing.on_a_page(package, one)]
    return next((one for one in begun if one.channel == "online"), (begun or told)[0])


@pytest.mark.parametrize("name", PLAYED)
def test_a_story_of_a_matter_is_played_through_pages(stage: playing.Stage, name: str) -> None:
    package = matters.load(ROOT, name)
    assert playing.played(stage, package, story_of(package)).problems == []
