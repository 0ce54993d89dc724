"""A made county as its import file: 18 towns, 222 villages and communities, 600 people, or a small one."""

from __future__ import annotations

from typing import Any

from engine.commands.county.columns import BY_ZH, SHEETS
from engine.records import sheets

ROOT = "360000"
#: A whole county, and a small one that has everything too: towns, villages, people.
WHOLE, SMALL = (18, 222, 600), (6, 66, 90)

Rows = dict[str, list[dict[str, Any]]]


def made(size: tuple[int, int, int] = SMALL) -> Rows:
    """The rows of every sheet, as people would fill it in: sheet -> column's Chinese name -> cell."""
    n_towns, n_villages, n_staff = size
    units: list[dict[str, Any]] = [{"代码": ROOT, "名称": "试县", "类型": "县", "电话": "0595-23500000"}]
    units += [
        {"代码": f"{ROOT}-{code}", "名称": name, "类型": "部门", "上级代码": ROOT, "文号字": f"试{name[1]}"}
        for code, name in (("YB", "县医疗保障局"), ("MZ", "县民政局"))
    ]
    towns = [f"{ROOT}{n:03d}" for n in range(100, 100 + n_towns)]
    units += [{"代码": code, "名称": f"第{n}镇", "类型": "乡镇", "上级代码": ROOT} for n, code in enumerate(towns, 1)]
    villages = [f"{towns[n % n_towns]}{200 + n // n_towns:03d}" for n in range(n_villages)]
    units += [
        {"代码": code, "名称": f"第{n}村", "类型": "村" if n % 5 else "社区", "上级代码": code[:9]}
        for n, code in enumerate(villages)
    ]
    posts = [
        {"代码": "window", "名称": "综合窗口", "角色": "经办"},
        {"代码": "agent", "名称": "代办员", "角色": "经办"},
        {"代码": "head", "名称": "负责人", "角色": "负责人"},
        {"代码": "operator", "名称": "系统管理员", "角色": "系统管理员"},
        {"代码": "security", "名称": "安全管理员", "角色": "安全管理员"},
        {"代码": "auditor", "名称": "审计管理员", "角色": "审计管理员"},
    ]
    people = [{"登录名": f"p{n:03d}", "姓名": f"工作人员{n}", "手机": f"1390000{n:04d}"} for n in range(n_staff)]
    places = [ROOT, f"{ROOT}-YB", f"{ROOT}-MZ", *towns, *villages]
    held = [
        {
            "登录名": f"p{n:03d}",
            "单位代码": places[n % len(places)],
            "岗位代码": "head" if n < len(places) and n % 4 == 0 else "agent",
        }
        for n in range(n_staff - 3)
    ]
    held += [
        {"登录名": f"p{n_staff - n:03d}", "单位代码": ROOT, "岗位代码": post}
        for n, post in enumerate(("operator", "security", "auditor"), 1)
    ]
    held[5]["从"], held[5]["到"] = "2026-09-01", "2028-08-31"
    return {
        "单位": units,
        "岗位": posts,
        "人员": people,
        "任职": held,
        "大厅": [{"代码": "seat", "名称": "县政务大厅", "单位代码": ROOT, "地址": "一号路1号"}],
        "窗口": [
            {
                "大厅代码": "seat",
                "窗口号": n,
                "名称": f"{n}号窗口",
                "单位代码": places[n],
                "低位": "是" if n == 1 else "",
            }
            for n in range(1, 9)
        ],
        "开门时间": [
            {
                "单位或大厅代码": "seat",
                **{f"周{d}": "08:00-12:00、14:30-17:30" for d in "一二三四五"},
                "周六": "09:00-11:30",
            },
            {"单位或大厅代码": f"{ROOT}-YB", **{f"周{d}": "08:30-12:00" for d in "一二三"}},
        ],
        "可预约": [{"代码": "evening", "名称": "晚上的窗口", "类型": "窗口", "单位代码": ROOT}],
        "预约办什么": [{"可预约代码": "evening", "代码": "medical", "名称": "医保", "带什么": "身份证、户口簿"}],
        "预约时间": [
            {
                "可预约代码": "evening",
                "开始": "17:30",
                "结束": "20:30",
                "每次分钟": 30,
                "群众名额": 2,
                "窗口名额": 1,
                "时间类别": "八小时外",
                "哪些日子": "工作日",
                "周几": "一至四",
            }
        ],
    }


def file(rows: Rows, extra: dict[str, list[list[Any]]] | None = None) -> bytes:
    """The rows as a spreadsheet; `extra`: sheets of other names."""
    pages = []
    for sheet in SHEETS:
        heads = [column.zh for column in sheet.columns]
        pages.append((sheet.zh, [heads, *([one.get(head, "") for head in heads] for one in rows.get(sheet.zh, ()))]))
    return sheets.write([*pages, *(extra or {}).items()])


def cell(sheet: str, column: str, n: int) -> str:
    """Where a column of the n-th row (from 0) stands: 单位!D2."""
    place = list(BY_ZH[sheet].by_zh).index(column)
    return f"{sheet}!{chr(ord('A') + place)}{n + 2}"
