"""What people type, and what they mean: everyday words, pinyin, first letters, another character of the same sound, a
letter amiss. Each finds what is meant among the first three."""

from __future__ import annotations

import pytest

from engine import matters
from engine.matters import everyday, searching
from tests.cast import ROOT

#: What is typed -> what is meant (one of these).
MEANT = {
    # everyday words
    "社保": "social_insurance medical_insurance baoxiao",
    "老人吃饭": "shitang",
    "寄东西": "jisong huicun",
    "搭车": "shunfeng",
    "邻居吵架": "tiaojie",
    "打官司": "court legal_aid tiaojie",
    "报销": "baoxiao",
    "看病怎么报销": "baoxiao",
    "住院费": "baoxiao",
    "医保": "daiban baoxiao yidi",
    "新农合": "daiban",
    "外地看病": "yidi",
    "去福州看病": "yidi",
    "八十岁补贴": "gaoling",
    "老人补贴": "gaoling",
    "长寿金": "gaoling",
    "退休金": "social_insurance",
    "换灯泡": "bangbang",
    "手机不会用": "bangbang",
    "搬家": "bangbang",
    "理发": "zhiyuan",
    "给老人剪头发": "zhiyuan",
    "当志愿者": "dengji_zhiyuanzhe zhiyuan",
    "放学没人接": "sidianban jieren",
    "小孩没人带": "sidianban ertongjia",
    "换人接孩子": "jieren",
    "留守儿童": "ertongjia",
    "白天照顾老人": "rizhao",
    "托老所": "rizhao",
    "下棋": "changzhe",
    "量血压": "jiankang xunzhen xunzhenji",
    "义诊": "xunzhen",
    "医生下乡": "xunzhen",
    "盖房": "jianfang",
    "起厝": "jianfang",
    "宅基地": "jianfang tiaojie",
    "开饭店": "kaidian canyin",
    "营业执照": "kaidian",
    "残疾证": "canji",
    "轮椅": "canji",
    "人死了": "shenhou",
    "注销户口": "shenhou",
    "丧葬费": "shenhou",
    "家里着火": "linshi emergency",
    "没钱看病": "linshi baoxiao",
    "低保": "minimum_living",
    "领棉被": "lingyong",
    "捐衣服": "juanzeng",
    "捐书": "juanshu",
    "借书": "jieshuzheng",
    "书丢了": "peishu jieshuzheng",
    "投诉": "fanying tousu",
    "路灯坏了": "fanying",
    "垃圾没人收": "fanying",
    "态度不好": "fanying",
    "周末办事": "yuyue",
    "下班以后能办吗": "yuyue",
    "找人代办": "daiban",
    "取号": "daoban",
    "哪个窗口": "daoban",
    "赶集": "ganxu",
    "摆摊": "ganxu",
    "卖地瓜": "shangjia",
    "卖茶叶": "shangjia",
    "买茶叶": "goumai",
    "买土特产": "goumai",
    "招工": "gongxiang jobs",
    "捡到东西": "gongxiang",
    "借农机": "gongxiang",
    "夜校": "jiangtang",
    "学手艺": "jiangtang",
    "借场地": "huodongshi lianban",
    "开会的地方": "huodongshi",
    "家暴": "fuer",
    "老公打人": "fuer",
    "借伞": "aixinzhan",
    "砍树": "caifa",
    "党费": "dangfei",
    "转组织关系": "zuzhi",
    "人才补贴": "pipei",
    "请律师来村里讲": "renchang legal_aid court",
    "分红": "fenhong baotuan",
    "入股投票": "baotuan",
    "库区移民": "rongru",
    "停车难": "yishi",
    "参观": "canguan",
    "志愿时长": "fuwujilu",
    "附近有什么": "fuwuquan",
    "看望独居老人": "tanqin",
    "欠薪": "tiaojie",
    "赡养": "tiaojie",
    # not here
    "身份证": "id_card",
    "身份证丢了": "id_card",
    "户口": "household shenhou",
    "给小孩上户口": "household",
    "结婚证": "marriage",
    "离婚": "marriage",
    "护照": "passport",
    "驾照": "driving",
    "违章": "driving",
    "房产证": "real_estate",
    "公积金": "housing_fund",
    "开发票": "tax baoxiao",
    "停电": "power",
    "买到假货": "consumer",
    "被骗了": "fraud",
    "失眠": "mind",
    "打疫苗": "registration",
    "出生证": "birth",
    "转学": "school",
    "班车": "transport",
    "快递丢了": "parcels",
    "失业金": "social_insurance",
    "免费律师": "legal_aid",
    # by sound and by letters
    "yibao": "daiban baoxiao yidi",
    "baoxiao": "baoxiao",
    "bx": "baoxiao",
    "diaojie": "tiaojie",
    "tiaojie": "tiaojie",
    "shitang": "shitang",
    "st": "shitang",
    "jieshu": "jieshuzheng",
    "shunfengche": "shunfeng",
    "shunfenche": "shunfeng",
    "sfz": "id_card",
    "canji": "canji",
    "dibao": "minimum_living",
    "抱销": "baoxiao",
    "医保抱销": "baoxiao",
    "条解": "tiaojie",
    "参观文化馆": "canguan",
    "高灵津贴": "gaoling",
    "食唐": "shitang",
    "安下水道": "fanying",
    "顺丰车": "shunfeng",
    "mediation": "tiaojie",
    "canteen": "shitang",
    "medical insurance": "daiban baoxiao medical_insurance",
    "passport": "passport",
    "marriage": "marriage",
}


@pytest.fixture(scope="module")
def finder():
    packages = [matters.load(ROOT, name) for name in matters.names(ROOT)]
    offered = [one for one in packages if one.info.for_residents or one.name == "aixinzhan"]
    return searching.Finder(everyday.things(everyday.read(ROOT), offered))


def test_more_than_a_hundred_and_twenty_words_find_what_is_meant_among_the_first_three(finder):
    assert len(MEANT) >= 120
    missed = []
    for typed, meant in MEANT.items():
        first = [hit.thing.key.removeprefix(everyday.ELSEWHERE) for hit in finder.find(typed)[:3]]
        if not set(first) & set(meant.split()):
            missed.append(f"{typed}: {first}, not {meant}")
    assert not missed, "\n".join(missed)


@pytest.mark.parametrize("typed", ["", "  ", "？", "qqqqzz", "阿凡达电影", "12", "x" * 60])
def test_what_is_nothing_here_finds_nothing(finder, typed):
    assert finder.find(typed) == []
