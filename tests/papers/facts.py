"""Facts of the demonstration county for every kind of paper: real places, invented people."""

from __future__ import annotations

from typing import Any

from engine.records import papers

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
    """Ten working days from Friday 2026-09-18: Sunday 09-20 is worked, Mid-Autumn 09-25 to 27, National Day 10-01 to
    07."""
    days = [
        ("2026-09-18", None, "当日不计"),
        ("2026-09-19", None, "休息日"),
        ("2026-09-20", 1, "调休上班"),
        ("2026-09-21", 2, ""),
        ("2026-09-22", 3, ""),
        ("2026-09-23", 4, ""),
        ("2026-09-24", 5, ""),
        ("2026-09-25", None, "中秋节"),
        ("2026-09-26", None, "中秋节"),
        ("2026-09-27", None, "中秋节"),
        ("2026-09-28", 6, ""),
        ("2026-09-29", 7, ""),
        ("2026-09-30", 8, ""),
        *[(f"2026-10-0{n}", None, "国庆节") for n in range(1, 8)],
        ("2026-10-08", 9, ""),
        ("2026-10-09", 10, ""),
    ]
    last = next(n for n, (_, count, _note) in enumerate(days) if count == workdays)
    return [{"on": on, "count": count, "note": note} for on, count, note in days[: last + 1]]


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
        "deadline": {**DEADLINE, "account": account(5)},
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
    "closing": {
        **COMMON,
        **WHO,
        "issued_on": "2026-09-23",
        "accepted_on": "2026-09-18",
        "finished_on": "2026-09-23",
        "deadline": DEADLINE,
        "result": "准予登记",
        "summary": (
            "经核对，申请人符合城乡居民基本医疗保险参保条件，未查到重复参保。\n参保信息已登记，"
            "请在集中缴费期内向税务部门缴费。"
        ),
        "papers": [
            {"title": "准予决定书", "number": "德医保准〔2026〕3号", "copies": 1},
            {"title": "参保登记表", "copies": 2},
        ],
    },
}


TOWN = {
    "name": "德化县浔中镇富东社区便民服务站",
    "phone": "0595-00000010",
    "complaints": "0595-00000001",
    "hours": "工作日 8:00-12:00，14:30-17:30；夜间和周末凭预约",
    "address": "德化县浔中镇富东社区党群服务中心一楼",
}
COMMITTEE = {
    "name": "德化县浔中镇富东社区人民调解委员会",
    "phone": "0595-00000020",
    "address": "德化县浔中镇富东社区“说事评理”室",
}
PARTIES = [
    {
        "side": "申请人",
        "name": "苏志强",
        "gender": "男",
        "ethnic": "汉族",
        "age": 46,
        "job": "瓷土经营",
        "phone": "13805950011",
        "address": "浔中镇富东社区 3 栋 502 室",
        "id_number": "350526198003040017",
    },
    {
        "side": "被申请人",
        "name": "赖桂香",
        "gender": "女",
        "ethnic": "汉族",
        "age": 58,
        "job": "退休",
        "phone": "13805950012",
        "address": "浔中镇富东社区 3 栋 402 室",
        "id_number": "350526196805060028",
    },
]
MEDIATORS = [{"name": "连世平"}, {"name": "徐丽珍"}]
DISPUTE = {
    "type": "邻里（房屋渗漏）",
    "source": "依申请",
    "facts": "2026年8月起，苏志强家卫生间排水管渗漏，致楼下赖桂香家天花板起皮、木柜受潮。双方多次协商修缮和赔偿未果。",
    "requests": "请求确定修缮责任，并赔偿木柜和墙面损失。",
    "issues": "一是渗漏修缮由谁负责、何时完成；二是木柜和墙面损失如何赔偿。",
    "responsibility": "渗漏点位于苏志强家专有部分的排水支管，修缮责任由苏志强承担；赖桂香应当配合入户检修。",
}
MEDIATION = {
    "case": {"number": "350526-20260905-3301-0002-0", "title": "说事评理"},
    "organ": COMMITTEE,
    "issued_on": "2026-09-05",
    "dispute": DISPUTE,
    "parties": PARTIES,
    "mediators": MEDIATORS,
    "recorder": {"name": "曾晓梅"},
}
#: As the hall keeps what was written on the screen: the pen's path and the digest of what was signed.
INK = {
    "path": "M60 120 L90 60 L110 140 L150 50 L170 130 L200 80 L230 120 M260 60 L270 150 L330 90 L300 140 L360 150 "
    "M390 70 L400 140 L450 60 L440 150 L500 100 L540 120",
    "signs": ["agreement", "parties"],
    "sha256": "8c1f0f0a6c2c5a7d3b2e4f6a9b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4",
    "at": "2026-09-05T21:02:00+08:00",
}
TERMS = [
    {"text": "苏志强自费修复卫生间排水支管，2026年9月20日前完工并作闭水试验，赖桂香配合检修。"},
    {"text": "苏志强一次性赔偿赖桂香木柜和墙面损失", "amount": "2650"},
    {"text": "款项付清、修缮合格后，双方就本纠纷再无其他争议。"},
]
SESSION = {
    "number": "二",
    "starts_at": "2026-09-05T19:30:00+08:00",
    "ends_at": "2026-09-05T21:10:00+08:00",
    "place": "富东社区“说事评理”室",
    "others": "社区网格员 王文彬",
}
ORDER = {
    "source": "居民点单（亲邻富东）",
    "received_at": "2026-09-18T08:12:00+08:00",
    "category": "公共设施",
    "level": "一般",
    "place": "浔中镇富东社区 5 栋北侧步道",
    "text": "步道路灯有两盏不亮，晚上老人散步看不清台阶，希望尽快修好。",
    "dispatched_at": "2026-09-18T08:40:00+08:00",
    "sign_by_at": "2026-09-21T08:40:00+08:00",
    "signed_at": "2026-09-18T10:05:00+08:00",
    "due_at": "2026-09-24T18:00:00+08:00",
}

FACTS |= {
    "correction": {
        **COMMON,
        **WHO,
        "paper": {"number": "德医保补〔2026〕2号"},
        "applied_on": "2026-09-18",
        "grounds": ["《中华人民共和国行政许可法》第三十二条"],
        "items": [
            {"material": "授权委托书", "problem": "未写明委托期限", "fix": "补写起止日期，由委托人签名"},
            {"material": "居民身份证复印件", "problem": "背面有效期不清晰", "fix": "重新拍照上传，四角完整、文字可辨"},
            {"material": "特殊人群身份证明", "problem": "未提供", "fix": "提供低保证或残疾人证编号即可，由窗口核验"},
        ],
        "due_on": "2026-09-30",
    },
    "rejection": {
        **COMMON,
        **WHO,
        "paper": {"number": "德医保不受〔2026〕1号"},
        "applied_on": "2026-09-18",
        "ground": "not_ours",
        "right_organ": "参保地医疗保障经办机构",
        "reason": "经核对，你已在厦门市参加职工基本医疗保险且处于正常缴费状态，参保关系的变更由参保地经办机构办理。",
        "grounds": ["《社会保险经办条例》第六条"],
        "returned": [{"name": "居民身份证复印件", "copies": 1}, {"name": "授权委托书", "copies": 1}],
        "remedies": REMEDIES,
    },
    "extension": {
        **COMMON,
        **WHO,
        "paper": {"number": "德医保延〔2026〕1号"},
        "accepted_on": "2026-09-18",
        "old_due_on": "2026-10-09",
        "added_workdays": 10,
        "new_due_on": "2026-10-23",
        "reason": "需向外省参保地核实你的既往缴费年限，对方尚未复函。",
        "approver": "本机关负责人",
        "grounds": ["《中华人民共和国行政许可法》第四十二条"],
        "issued_on": "2026-10-08",
    },
    "suspension": {
        **COMMON,
        **WHO,
        "paper": {"number": "德医保特〔2026〕1号"},
        "accepted_on": "2026-09-18",
        "procedure": "鉴定",
        "from_on": "2026-09-22",
        "takes": "预计 8 个工作日，至 2026年10月9日",
        "grounds": ["《中华人民共和国行政许可法》第四十五条"],
        "body": "德化县医院",
        "where": "德化县医院门诊三楼",
        "prepare": "携带身份证和近一年的门诊病历；行动不便的可以申请上门。",
    },
    "approval": {
        **COMMON,
        **WHO,
        "paper": {"number": "德医保准〔2026〕3号"},
        "issued_on": "2026-09-23",
        "accepted_on": "2026-09-18",
        "findings": "你的户籍地为德化县龙门滩镇霞碧村，未参加职工基本医疗保险，符合城乡居民基本医疗保险参保条件。",
        "decision": "准予你参加城乡居民基本医疗保险，自完成缴费之日起按规定享受待遇。",
        "grounds": ["《中华人民共和国社会保险法》第二十五条", "《社会保险经办条例》第六条"],
        "valid_from_on": "2027-01-01",
        "valid_until_on": "2027-12-31",
        "conditions": ["在集中缴费期内向税务部门缴费；", "参保状态发生变化的，二十个工作日内告知。"],
    },
    "refusal": {
        **COMMON,
        **WHO,
        "paper": {"number": "德医保不准〔2026〕1号"},
        "issued_on": "2026-09-23",
        "accepted_on": "2026-09-18",
        "findings": "你于2025年3月起在厦门市参加职工基本医疗保险，目前处于正常缴费状态。",
        "reason": "职工基本医疗保险和城乡居民基本医疗保险不得重复参加，你不符合本事项的办理条件。",
        "grounds": ["《社会保险经办条例》第六条"],
        "decision": "不予办理你的城乡居民基本医疗保险参保登记。",
        "remedies": REMEDIES,
    },
    "service_receipt": {
        **COMMON,
        "recipient": APPLICANT,
        "documents": [{"title": "准予决定书", "number": "德医保准〔2026〕3号"}, {"title": "办结通知单", "copies": 2}],
        "way": "窗口",
        "place": "龙门滩镇霞碧村便民服务点",
        "received_at": "2026-09-23T15:20:00+08:00",
        "proxy": {"name": "陈国栋", "relation": "儿子，同住"},
        "server": {"name": "郑建民"},
        "note": "由代办员送达",
    },
    "tolerance": {
        **COMMON,
        **WHO,
        "paper": {"number": "德医保容〔2026〕4号"},
        "accepted_on": "2026-09-18",
        "items": [{"name": "特殊人群身份证明", "reason": "证件正在换发", "due_on": "2026-09-30"}],
        "consequence": "视为撤回申请，已办理的登记不予确认；补齐材料后可以重新申请。",
        "signed_on": "2026-09-18",
    },
    "promise": {
        **COMMON,
        **WHO,
        "paper": {"number": "德医保诺〔2026〕6号"},
        "conditions": ["长期在异地居住半年以上；", "在居住地有固定住所。"],
        "duties": ["居住地变化的，十五日内告知；", "配合核查，如实提供情况。"],
        "consequence": "撤销备案，追回已经支付的费用，并记入信用记录。",
        "grounds": ["《社会保险经办条例》第三十条"],
        "signed_on": "2026-09-18",
    },
    "authority": {
        "case": CASE,
        "organ": TOWN,
        "issued_on": "2026-09-18",
        "principal": APPLICANT,
        "agent": {**AGENT, "unit": "龙门滩镇霞碧村村民委员会"},
        "matter": "城乡居民基本医疗保险参保登记",
        "scope": ["代为提交申请材料、接受补正告知并补正", "代为查询办理进度、接收通知", "代为领取办理结果文书"],
        "excluded": ["代为缴纳或者领取款项", "依法应当由本人到场的人脸识别、当面签字等环节"],
        "from_on": "2026-09-18",
        "until_on": "2026-12-17",
        "sub_delegate": False,
        "witness": {"name": "许文静"},
        "data_sha256": "8c1f0f0a6c2c5a7d3b2e4f6a9b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4",
    },
    "benefit": {
        **COMMON,
        **WHO,
        "paper": {"number": "德民确〔2026〕1号"},
        "accepted_on": "2026-09-18",
        "findings": "户籍在本县，本人健在。",
        "grounds": ["老年人权益保障法第三十三条"],
        "benefit": {
            "standard": "八十至八十九周岁",
            "amount": "每月 100 元",
            "since": "2026年9月",
            "account": "6217001830000012345",
            "review": "每年核验一次是否健在，由系统和村里核对，不用本人跑。",
        },
    },
    "parcel_sheet": {
        **COMMON,
        "parcel": {"what": "降压药两盒", "weight": "1", "value": "60"},
        "sender": {"name": "苏玉兰", "phone": "13800001234"},
        "receiver": {"name": "苏明月", "phone": "13900001234"},
        "looked_on": "2026-09-18",
        "looked_by": "霞碧村",
    },
    "ride_slip": {
        **COMMON,
        "slip": {
            "number": "CH0042609180001-1",
            "way": "塔兜村 → 龙门滩镇 → 浔中镇",
            "starts_at": "2026-09-18T08:00:00+08:00",
            "until_at": "2026-09-18T09:00:00+08:00",
            "places": 2,
            "fee": "不收费",
            "supply": {"name": "林国强", "phone": "138****1234"},
            "need": {"name": "陈小妹", "phone": "139****5678", "guardian": "陈玉兰"},
            "lines": ["能带行李吗：小件", "有行李吗：没有"],
            "notes": ["本次同乘不收费，也不分摊油费。", "全程系安全带。"],
        },
    },
    "handover": {
        **COMMON,
        "handover": {
            "number": "7-1",
            "thing": "包裹",
            "lines": ["地瓜一箱", "衣服一袋"],
            "giver": {"name": "苏玉兰", "phone": "138****1234", "proof": "扫码"},
            "receiver": {"name": "村驿站", "proof": "本人账号"},
            "handed_at": "2026-09-21T10:00:00+08:00",
            "state": "有出入",
            "note": "箱子一角湿了",
            "photos": 1,
            "witness": "郑月兰",
        },
    },
    "transfer": {
        **COMMON,
        "organ": TOWN,
        "applicant": {"name": "张秀英", "phone": "13805950031"},
        "deadline": {"promised_on": "2026-09-25", "promised_workdays": 5},
        "transfer": {
            "from": "浔中镇人民政府",
            "to": "德化县住房和城乡建设局",
            "reason": "路灯属市政设施，由住房和城乡建设部门管养",
            "received_on": "2026-09-18",
            "files": ["现场照片", "居民身份证"],
            "papers": [{"title": "收件回执", "number": "浔富收〔2026〕18号"}],
        },
    },
    "proxy_acceptance": {
        **COMMON,
        **WHO,
        "organ": TOWN,
        "paper": {"number": "浔富代〔2026〕18号"},
        "materials": MATERIALS[:3],
        "taken_on": "2026-09-18",
        "authority": {
            "scope": ["代为提交和补正材料", "代为领取结果"],
            "until_on": "2026-12-17",
            "number": "浔富委〔2026〕18号",
        },
        "steps": [
            {"name": "委托：签订授权委托书", "by": "代办员 郑建民", "due_on": "2026-09-18"},
            {"name": "收件：登记并核对材料", "by": "富东社区便民服务站", "due_on": "2026-09-18"},
            {"name": "办理：报送县医疗保障局", "by": "代办员 郑建民", "due_on": "2026-09-22"},
            {"name": "送达：结果送到家中", "by": "代办员 郑建民", "due_on": "2026-09-24"},
            {"name": "归档、上报、回访", "by": "富东社区便民服务站", "due_on": "2026-09-30"},
        ],
        "deadline": {**DEADLINE, "account": account(5)},
        "visit": "人脸识别认证一次（可以预约上门）",
    },
    "appointment": {
        "case": {"number": "350526-20260918-3301-0031-0", "title": "城乡居民基本医疗保险参保登记"},
        "organ": TOWN,
        "issued_on": "2026-09-18",
        "applicant": {"name": "黄美玲", "phone": "13805950021"},
        "place": "富东社区便民服务站",
        "appointment": {
            "number": "Y0922-012",
            "code": "7K4M92PXQD3V",
            "kind": "after_hours",
            "resource": "综合窗口",
            "starts_at": "2026-09-22T19:00:00+08:00",
            "ends_at": "2026-09-22T19:30:00+08:00",
            "ticket": "Y012",
            "staff": "林秋实",
            "checkin_url": "https://hall.example.cn/c/7K4M92PX",
            "cancel_before_at": "2026-09-22T17:00:00+08:00",
        },
        "bring": ["居民身份证", "居民户口簿（可以出示电子证照）"],
    },
    "order": {
        "case": {"number": "350526-20260918-3301-0102-0", "title": "居民点单"},
        "organ": {**TOWN, "name": "进城党群城市家园智慧共享中心"},
        "issued_on": "2026-09-18",
        "paper": {"number": "德共享派〔2026〕102号"},
        "order": {
            **ORDER,
            "returns": [
                {
                    "at": "2026-09-18T09:10:00+08:00",
                    "unit": "富东社区物业服务站",
                    "reason": "该路灯属市政设施，不在物业管养范围",
                }
            ],
            "files": ["现场照片 2 张"],
        },
        "resident": {"name": "张秀英", "phone": "13805950031"},
        "handler": {"unit": "浔中镇市政管护组", "name": "涂志明", "phone": "13805950032"},
    },
    "ballot_result": {
        "case": {"number": "350526-20260918-2104-0003-1", "title": "抱团致富：成员表决"},
        "organ": {**TOWN, "name": "德化县龙门滩镇人民政府"},
        "issued_on": "2026-09-30",
        "ballot": {
            "question": "同意把村集体的钱投到园区吗",
            "passed": False,
            "secret": False,
            "bodies": [
                {
                    "name": "苏洋村",
                    "roll": 360,
                    "present": 251,
                    "online": 192,
                    "desk": 38,
                    "proxy": 21,
                    "counted": True,
                    "yes": 243,
                    "no": 5,
                    "abstain": 3,
                    "passed": True,
                    "why": "全体 360 × 2/3，要有 240；实到 251：达到；全体 360 × 2/3，要有 240；赞成 243：达到",
                },
                {
                    "name": "磻坑村",
                    "roll": 205,
                    "present": 136,
                    "online": 120,
                    "desk": 16,
                    "proxy": 0,
                    "counted": False,
                    "passed": False,
                    "why": "全体 205 × 2/3，要有 137；实到 136：没有达到",
                },
            ],
        },
    },
    "order_reply": {
        "case": {"number": "350526-20260918-3301-0102-0", "title": "居民点单"},
        "organ": {**TOWN, "name": "进城党群城市家园智慧共享中心"},
        "issued_on": "2026-09-22",
        "order": ORDER,
        "resident": {"name": "张秀英", "phone": "13805950031"},
        "handler": {"unit": "浔中镇市政管护组", "name": "涂志明", "phone": "13805950032"},
        "done": {
            "on": "2026-09-21",
            "text": "更换路灯灯头两只、修复线路一处，当晚试灯正常。",
            "reply": "您反映的两盏路灯已于9月21日修好，如再有不亮请拨打咨询电话。",
            "evidence": ["修复前后照片各 2 张"],
            "signer": "颜国华",
        },
        "visit": {"satisfaction": "满意", "at": "2026-09-22T10:00:00+08:00"},
        "reopen_by_on": "2026-09-29",
    },
    "volunteering": {
        "case": {"number": "350526-20260920-3302-0009-0"},
        "organ": {**TOWN, "name": "德化县浔中镇富东社区志愿者服务站"},
        "issued_on": "2026-09-20",
        "paper": {"number": "浔富志〔2026〕9号"},
        "volunteer": {"name": "吴佳怡", "id_number": "350526200105120047", "number": "DH-0412"},
        "services": [
            {
                "on": "2026-09-12",
                "activity": "独居老人上门理发 6 人次",
                "place": "霞碧村",
                "hours": "3.5",
                "rating": "非常满意",
            },
            {
                "on": "2026-09-19",
                "activity": "文化赶墟现场引导",
                "place": "富东社区广场",
                "hours": "4",
                "rating": "满意",
            },
        ],
        "total_hours": "7.5",
        "training": ["应急救护（2 小时）"],
        "stars": "一星",
    },
    "mediation_request": {**MEDIATION, "issued_on": "2026-09-01"},
    "mediation_registration": {
        **MEDIATION,
        "paper": {"number": "（2026）浔富人调字第5号"},
        "registered_on": "2026-09-01",
        "issued_on": "2026-09-01",
    },
    "mediation_rights": MEDIATION,
    "mediation_inquiry": {
        **MEDIATION,
        "session": {
            **SESSION,
            "number": "一",
            "asked": "物业维修员 周伟",
            "text": (
                "问：渗漏点在什么位置？\n答：打开检修口后看到，渗漏点在 502 室卫生间排水支管接头处，接头老化。"
                "\n问：修复需要多久？\n答：更换接头和做闭水试验，三天可以完成。"
            ),
            "result": "渗漏点位于 502 室专有部分的排水支管。",
        },
    },
    "mediation_record": {
        **MEDIATION,
        "session": {
            **SESSION,
            "text": (
                "调解员告知双方权利义务，双方对调解员无异议，不申请回避。\n苏志强：认可渗漏在自家支管，愿意修，"
                "但赔偿三千五过高。\n赖桂香：木柜买了才两年，墙面要重做，最少三千。\n调解员出示物业维修员的调查记录"
                "和木柜购货单，按折旧和墙面面积逐项核算，提出两千六百五十元的方案。\n双方各自商量后表示同意。"
            ),
            "result": "双方自愿达成协议，制作协议书。",
        },
    },
    "mediation_agreement": {
        **MEDIATION,
        "parties": [{**party, "signature": INK} for party in PARTIES],
        "mediators": [{**MEDIATORS[0], "signature": INK}],
        "paper": {"number": "（2026）浔富人调字第5号"},
        "terms": TERMS,
        "performance": {"way": "银行转账，付款后在案卷登记；修缮由社区网格员到场查验", "due_on": "2026-09-20"},
    },
    "mediation_oral": {
        **MEDIATION,
        "paper": {"number": "（2026）浔富人调口字第1号"},
        "agreed_on": "2026-09-05",
        "terms": [{"text": "苏志强当场向赖桂香致歉，并在三日内更换接头。"}, {"text": "赖桂香不再要求赔偿。"}],
        "performance": {"way": "入户检修", "due_on": "2026-09-08"},
    },
    "mediation_end": {
        **MEDIATION,
        "paper": {"number": "（2026）浔富人调终字第1号"},
        "accepted_on": "2026-09-01",
        "reason": "经两次调解，双方就赔偿数额分歧较大，被申请人明确表示不再接受调解。",
        "court": "德化县人民法院",
    },
    "mediation_visit": {
        **MEDIATION,
        "agreement": {"number": "（2026）浔富人调字第5号"},
        "visit": {
            "on": "2026-09-22",
            "person": "赖桂香",
            "way": "上门",
            "performed": "已履行",
            "satisfaction": "满意",
            "text": "支管已更换，闭水试验合格；赔偿款 2650 元于9月18日到账。",
            "next": "无",
        },
        "visitor": {"name": "徐丽珍"},
    },
    "mediation_confirmation": {
        **MEDIATION,
        "court": "德化县人民法院",
        "agreement": {
            "number": "（2026）浔富人调字第5号",
            "effective_on": "2026-09-05",
            "summary": "\n".join(f"{n}. {term['text']}" for n, term in enumerate(TERMS, 1)),
        },
        "apply_by_on": "2026-10-08",
        "attachments": ["人民调解协议书", "当事人身份证明复印件"],
    },
}


def seal(kind: papers.PaperKind, facts: dict[str, Any]) -> dict[str, Any] | None:
    """The demonstration seal of the organ that issues."""
    organ = facts["organ"]["name"]
    return {
        "none": None,
        "formal": {"organ": organ, "kind": "sample", "millimetres": 42},
        "special": {"organ": organ, "kind": "sample", "purpose": "业务专用章", "millimetres": 40},
        "committee": {"organ": organ, "kind": "sample", "millimetres": 40},
    }[kind.seal]
