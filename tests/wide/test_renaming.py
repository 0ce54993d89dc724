"""No matter, form, post, message or element is named in the program: under other names all stories still play."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import matters, proof
from engine.findings import errors
from tests.wide import renaming

ROOT = Path(__file__).resolve().parents[2]
#: Walked in every run; the others in `make wide`.
ONE = "zhenggai"
#: Those that they, or a shared file they use, open by name: renamed together.
WITH = {
    "shitang": ("wenhou", "fuwujilu"),
    "rizhao": ("weiqian",),
    "changzhe": ("weiqian",),
    "rizhao_shi": ("rizhao_bian",),
    "sidianban": ("kanhai",),
    "juanshu": ("peishu",),
    "jieshuzheng": ("peishu",),
    "shunfeng": ("xunche", "weidao", "yaoqian", "chidao"),
    "xunche": ("weidao", "yaoqian", "chidao"),
    "weidao": ("xunche", "yaoqian", "chidao"),
    "yaoqian": ("xunche", "weidao", "chidao"),
    "chidao": ("xunche", "weidao", "yaoqian"),
    "bangbang": ("fanying", "fuwujilu"),
    "renchang": ("fuwujilu",),
    "xunzhen": ("fuwujilu",),
    "tanqin": ("fanying",),
    "zhiyuan": ("fanying", "fuwujilu"),
    "yishi": ("fanying",),
    "rongru": ("fanying",),
    "tousu": ("fanying",),
    "shenhou": ("shenhou_hukou", "shenhou_yanglao", "shenhou_yibao", "shenhou_jintie"),
    "canji": ("canji_zheng", "canji_butie", "canji_yibao", "canji_fuju", "canji_yanglao"),
    "kaidian": ("kaidian_zhizhao", "kaidian_mentou", "kaidian_xiaofang", "canyin"),
}


def every() -> list[object]:
    return [pytest.param(name, id=name, marks=() if name == ONE else pytest.mark.wide) for name in matters.names(ROOT)]


@pytest.mark.parametrize("name", every())
def test_under_other_names_its_stories_play_as_written(name, tmp_path):
    renamed = renaming.content(ROOT, tmp_path, name, *WITH.get(name, ()))
    verdict = proof.prove(renamed, matters.read_files(tmp_path, renamed), content=tmp_path)
    found = [f"{f.file}:{f.line} {f.message_zh}" for f in errors(list(verdict.findings))]
    assert found == [], "\n".join(found)
    assert verdict.stories and all(not told.problems for told in verdict.stories)
