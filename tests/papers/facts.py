"""Facts of the demonstration county for every kind of paper: real places, invented people."""

from __future__ import annotations

from typing import Any

ORGAN = {
    "name": "德化县医疗保障局",
    "address": "德化县浔中镇浔北路行政服务中心二楼",
    "phone": "0595-00000000",
    "complaints": "0595-00000001",
    "hours": "工作日 8:00-12:00，15:00-18:00",
}
CLERK = {"name": "林秋实", "phone": "0595-00000002", "window": "医保 3 号窗口"}
CASE = {
    "number": "350526-20260918-1203-0007-7",
    "title": "城乡居民基本医疗保险参保登记（全程代办）",
    "code": "350526-YB-CB",
}
APPLICANT = {
    "name": "陈玉兰",
    "id_number": "350526194903120023",
    "phone": "13805950000",
    "address": "德化县龙门滩镇霞碧村 12 号",
}
AGENT = {"name": "郑建民", "id_number": "350526198807060015", "phone": "13805950001", "relation": "村代办员"}
MATERIALS = [
    {"name": "居民身份证", "copies": 1, "note": "核对后退还原件"},
    {"name": "居民户口簿", "shared": True},
    {"name": "授权委托书", "originals": 1},
    {"name": "特殊人群身份证明", "tolerated": True, "note": "9 月 30 日前补交"},
    {"name": "近期一寸照片（电子）", "electronic": True},
]
REMEDIES = {"reconsideration": "德化县人民政府", "court": "德化县人民法院"}


def account(workdays: int = 10) -> list[dict[str, Any]]:
    """Ten working days from Friday 2026-09-18: Sunday 09-20 is worked, Mid-Autumn 09-25 to 27, National Day 10-01 to 07."""
    days = [
        ("2026-09-18", None, "当日不计"), ("2026-09-19", None, "休息日"), ("2026-09-20", 1, "调休上班"), ("2026-09-21", 2, ""),
        ("2026-09-22", 3, ""), ("2026-09-23", 4, ""), ("2026-09-24", 5, ""), ("2026-09-25", None, "中秋节"),
        ("2026-09-26", None, "中秋节"), ("2026-09-27", None, "中秋节"), ("2026-09-28", 6, ""), ("2026-09-29", 7, ""),
        ("2026-09-30", 8, ""), *[(f"2026-10-0{n}", None, "国庆节") for n in range(1, 8)], ("2026-10-08", 9, ""), ("2026-10-09", 10, ""),
    ]  # fmt: skip
    return [{"on": on, "count": count, "note": note} for on, count, note in days if not count or count <= workdays]


DEADLINE = {
    "promised_on": "2026-09-24",
    "promised_workdays": 5,
    "statutory_on": "2026-10-09",
    "statutory_workdays": 10,
    "from_on": "2026-09-18",
    "account": account(),
}
COMMON = {"case": CASE, "organ": ORGAN, "clerk": CLERK, "issued_on": "2026-09-18"}
WHO = {"applicant": APPLICANT, "agent": AGENT}

FACTS: dict[str, dict[str, Any]] = {
    "receipt": {
        **COMMON,
        **WHO,
        "materials": MATERIALS,
        "received_at": "2026-09-18T09:42:00+08:00",
        "channel": "窗口（浔中镇富东社区便民服务站代收）",
        "next_by_on": "2026-09-24",
    },
    "acceptance": {
        **COMMON,
        **WHO,
        "paper": {"number": "德医保受〔2026〕5号"},
        "materials": MATERIALS,
        "deadline": DEADLINE,
        "applied_on": "2026-09-18",
        "accepted_on": "2026-09-18",
        "grounds": ["《社会保险经办条例》第六条"],
        "fetch": "由代办员送达",
    },
    "completion": {
        **COMMON,
        **WHO,
        "issued_on": "2026-09-23",
        "accepted_on": "2026-09-18",
        "finished_on": "2026-09-23",
        "deadline": DEADLINE,
        "result": "准予登记",
        "summary": "经核对，申请人符合城乡居民基本医疗保险参保条件，未查到重复参保。\n参保信息已登记，请在集中缴费期内向税务部门缴费。",
        "papers": [
            {"title": "准予决定书", "number": "德医保准〔2026〕3号", "copies": 1},
            {"title": "参保登记表", "copies": 2},
        ],
    },
}

SEALS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "formal": {"organ": "德化县医疗保障局", "kind": "sample", "millimetres": 42},
    "special": {"organ": "德化县医疗保障局", "kind": "sample", "purpose": "业务专用章", "millimetres": 40},
    "committee": {"organ": "德化县浔中镇富东社区人民调解委员会", "kind": "sample", "millimetres": 40},
}
