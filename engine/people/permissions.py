"""Who may do what: the one table that `may` reads (post x verb x thing x relation).

A relation is how an actor stands to a thing (the applicant, a clerk of its unit, who holds a bond …);
`access.relations` finds them, this table says what each lets. A page shows it to heads and administrators: what is not
written here is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Thing = Literal[
    "case",
    "task",
    "paper",
    "booking",
    "place",
    "bond",
    "block",
    "schedule",
    "entry",
    "ballot",
    "handover",
    "match",
    "queue",
    "loan",
    "request",
    "account",
    "looks",
    "hall",
]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: whoever stands so to such a thing may do this."""

    thing: Thing
    relation: str
    zh: str  # the relation, as people say it
    en: str
    verbs: frozenset[str]
    but_zh: str = ""  # what else must be so, or what is kept back
    but_en: str = ""


def _line(thing: Thing, relation: str, zh: str, en: str, verbs: str, but_zh: str = "", but_en: str = "") -> Line:
    return Line(thing, relation, zh, en, frozenset(verbs.split()), but_zh, but_en)


_RESTRICTED = (
    "限制查看的办件只有承办、收件、流程点了名的单位自己的人看得到，属地的村也看不到",
    "a restricted case is seen by the people of its office, its counter and the units its steps name; not by the "
    "applicant's village as such",
)
_BOND = ("只在关系说明的事项里，到期、解除马上失效", "in the matters the bond names, until it ends")

TABLE: tuple[Line, ...] = (
    _line("case", "applicant", "申请人", "the applicant", "see withdraw"),
    _line(
        "case",
        "agent",
        "代办员（有委托的）",
        "the agent, by a mandate",
        "see withdraw",
        "只在委托的那个办件里，撤销、到期、办结马上失效",
        "in that case, until the mandate is revoked, runs out or is done",
    ),
    _line("case", "party", "当事人", "a party of the case", "see", "看到什么由事项规定", "what of it, the matter says"),
    _line("case", "bond-see", "申请人让他看的人（家人、监护人…）", "whom the applicant lets see", "see", *_BOND),
    _line("case", "bond-apply", "申请人让他办的人", "whom the applicant lets apply", "withdraw", *_BOND),
    _line("case", "chosen", "被选定办本件的人（调解员…）", "who was chosen for the case", "see reveal"),
    _line(
        "case",
        "unit",
        "属地、收件、承办单位及上级的人",
        "people of its units and those above",
        "see reveal",
        *_RESTRICTED,
    ),
    _line("case", "head", "这些单位的负责人", "heads of these units", "supervise evidence", *_RESTRICTED),
    _line(
        "case",
        "office-head",
        "承办单位及上级的负责人",
        "heads of its office and above",
        "direct move",
        "属地、收件单位的负责人只能催办、改派自己单位的步骤",
        "heads of the village or the counter urge, and give away the steps of their own unit",
    ),
    _line(
        "case",
        "operator",
        "系统管理员（运维岗）",
        "system administrators",
        "move",
        "只把停住的件迁到现行版本，看不到里面写的",
        "a case that stands still, to the version of today; nothing of what it says",
    ),
    _line(
        "case",
        "auditor",
        "审计管理员",
        "audit administrators",
        "evidence",
        "要写事由，申请人看得到；限制查看的办件由办理单位的负责人取",
        "for a purpose the applicant sees; of a restricted case, the head of its unit takes it",
    ),
    _line(
        "case",
        "past-office",
        "移送前的承办单位",
        "an office it was referred from",
        "see",
        "只看，姓名号码打码；移送以后的文书看不到",
        "masked; not the papers issued after",
    ),
    _line("task", "candidate", "可以签收的岗位或人", "a post or person who may claim it", "claim see"),
    _line("task", "holder", "签收的人，或替他代理的人", "who claimed it, or stands in", "work see"),
    _line("task", "head", "这一步所在单位的负责人", "the head of its unit", "supervise", *_RESTRICTED),
    _line("task", "case-seen", "看得到办件的人", "whoever may see the case", "see"),
    _line("paper", "case-staff", "看得到办件的工作人员", "staff who may see the case", "see"),
    _line(
        "paper",
        "case-public",
        "看得到办件的群众",
        "residents who may see the case",
        "see",
        "只有对外的文书",
        "public papers only",
    ),
    _line(
        "paper",
        "issuer-head",
        "签发单位及上级的负责人，看得到这份文书的",
        "heads of the unit that issued it and above, who may see it",
        "void",
        "办件所在的其他单位的负责人不能作废别人签发的文书",
        "heads of other units of the case void no paper of others",
    ),
    _line("paper", "none", "内部文书，群众看不到", "an internal paper, for residents", ""),
    _line("booking", "own", "预约的本人", "the person who booked", "see work"),
    _line("booking", "bond-book", "本人让他预约的人", "whom the person lets book", "see work", *_BOND),
    _line("booking", "bond-see", "本人让他看的人", "whom the person lets see", "see", *_BOND),
    _line(
        "booking",
        "member",
        "团队里有名额的队员",
        "a team's member with a place",
        "see work",
        "只是自己的名额",
        "their own place",
    ),
    _line("booking", "unit", "预约单位及上级的人", "people of its unit and above", "see work serve"),
    _line("booking", "head", "预约单位的负责人", "the head of its unit", "supervise"),
    _line(
        "booking",
        "booker",
        "替他订的代办员",
        "the agent who booked it for them",
        "see book",
        "念给本人听，记下念过了",
        "reads it out to them, and says so",
    ),
    _line("place", "unit", "这个地点所属单位及上级的人", "people of its unit and above", "see work serve"),
    _line("place", "head", "这个单位的负责人", "the head of its unit", "supervise"),
    _line(
        "place",
        "village-agent",
        "代办员",
        "an agent of a village",
        "book",
        "只替自己那里的人订对外开放的",
        "for people of their own village, what is open to the public",
    ),
    _line("bond", "side", "关系的双方，孩子的监护人", "its two sides, the child's guardian", "see"),
    _line("bond", "side-revocable", "同上，可以随时解除的关系", "the same, of a bond either may end", "withdraw"),
    _line(
        "bond", "unit", "登记单位、属地单位及上级的人", "people of where it was made or they live", "see serve reveal"
    ),
    _line("block", "own", "被暂停预约的本人", "the person who is shut out", "see"),
    _line("block", "head", "负责人（不是本人）", "a head, not the person", "supervise"),
    _line("schedule", "operator", "系统管理员（运维岗）", "system administrators", "see operate"),
    _line("schedule", "head", "本单位的负责人", "the head of its unit", "see", "只看本单位的运行", "its own runs"),
    _line("entry", "everybody", "所有人", "everybody", "see", "公示期内的", "while it is up"),
    _line("entry", "unit", "发布单位及上级的人", "people of who published it, and above", "see reveal withdraw"),
    _line("entry", "reviewer", "负责审核的岗位", "the post that reviews it", "see reveal withdraw"),
    _line("entry", "reviewer-other", "负责审核的岗位，不是提出发布的人", "the same, not who asked for it", "review"),
    _line("ballot", "unit", "参加表决的村、主持单位及上级的人", "people of the bodies, and above", "see"),
    _line("ballot", "teller", "当面投票的岗位", "the post before which people vote", "serve"),
    _line("handover", "end", "交的一方和收的一方", "its two ends", "see work"),
    _line("handover", "post", "当面交接的岗位", "the post where it is done in person", "see work"),
    _line("handover", "holder", "现在拿着的人", "who has it now", "see work"),
    _line("match", "own", "本人", "whose need or supply it is", "see work"),
    _line("match", "bond-book", "本人让他预约的人", "whom the person lets book", "see work", *_BOND),
    _line("match", "bond-see", "本人让他看的人", "whom the person lets see", "see", *_BOND),
    _line(
        "match", "unit", "登记地、出发地单位及上级的人", "people of where it was entered or begins", "see serve reveal"
    ),
    _line("queue", "own", "取号的本人", "who took the ticket", "see work"),
    _line("queue", "window", "窗口所属单位及上级的人", "people of the window's unit, and above", "see serve"),
    _line(
        "queue",
        "unit",
        "大厅和在厅里有窗口的单位的人",
        "people of the hall, and of units with a window there",
        "see serve reveal",
    ),
    _line("queue", "head", "大厅的负责人", "the head of the hall", "supervise"),
    _line("loan", "own", "借的人、预约的人", "who borrows or reserved", "see work"),
    _line("loan", "guardian", "借书的孩子的监护人", "the guardian of a child who borrows", "see work"),
    _line(
        "loan",
        "bond-book",
        "本人让他预约的人",
        "whom the person lets book",
        "see work",
        "没有账号的人的，或者凭关系替他借的；关系到期、解除马上失效",
        "of who has no account, or what was asked for by the bond; until it ends",
    ),
    _line("loan", "desk", "借还的岗位", "the post that lends and takes back", "see work serve"),
    _line("looks", "own", "申请的本人", "who asked", "see"),
    _line(
        "looks",
        "head",
        "申请人单位的负责人，不是本人",
        "the head of the asker's unit, never the asker",
        "see supervise",
    ),
    _line("request", "own", "提出的本人", "who asked", "see"),
    _line("request", "unit", "答复的单位及上级的人", "people of the unit that answers, and above", "see work"),
    _line("request", "head", "答复单位的负责人", "the head of that unit", "supervise"),
    _line(
        "account",
        "counter",
        "窗口和各单位的办事人员、负责人",
        "clerks and heads, at any counter",
        "see serve",
        "只看到打码的；换号、合并要核对证件，都有记录",
        "masked; a change or a merge asks the card, and is recorded",
    ),
    _line("account", "head", "合并账号的窗口的负责人", "the head of where two accounts were merged", "supervise"),
    _line("hall", "designer", "流程设计岗", "designers", "design move", "看不到群众的信息", "no residents' data"),
    _line(
        "hall",
        "operator",
        "系统管理员（运维岗）",
        "system administrators",
        "operate",
        "看不到群众的信息，看不到审计记录，不能给岗位",
        "no residents' data, no audit record, gives no posts",
    ),
    _line(
        "hall",
        "security",
        "安全管理员",
        "security administrators",
        "appoint",
        "不能给自己岗位；看不到群众的信息和审计记录",
        "not themselves; no residents' data, no audit record",
    ),
    _line(
        "hall",
        "auditor",
        "审计管理员",
        "audit administrators",
        "audit",
        "只看、只核对，什么都不能改；三员由三个人担任",
        "reads and verifies, changes nothing; the three are three people",
    ),
)

_VERBS: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {(line.thing, line.relation): line.verbs for line in TABLE}
)

THINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "case": ("办件", "a case"),
        "task": ("办件里的一步", "a step of a case"),
        "paper": ("文书", "a paper"),
        "booking": ("预约", "a booking"),
        "place": ("预约地点", "a place to book"),
        "bond": ("家人、委托关系", "a bond"),
        "block": ("暂停预约", "being shut out of booking"),
        "schedule": ("定期事项", "a schedule"),
        "entry": ("公开栏上的一条", "an entry of a board"),
        "ballot": ("表决", "a ballot"),
        "handover": ("交接", "a hand-over"),
        "match": ("供需撮合", "a need or a supply"),
        "queue": ("取号排队", "a queue"),
        "loan": ("借阅", "a loan"),
        "looks": ("成批看完整信息的申请", "asking for many looks at whole data"),
        "request": ("本人对自己信息的要求", "what somebody asks about their own data"),
        "account": ("群众的账号", "a resident's account"),
        "hall": ("大厅本身", "the hall itself"),
    }
)
VERBS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "see": ("查看", "see"),
        "claim": ("签收", "claim"),
        "work": ("办理", "work on"),
        "supervise": ("管理", "supervise"),
        "direct": (
            "终止、移送、跳转、挂起、激活、更正申请人、保全",
            "end, refer, redirect, suspend, resume, correct or keep back",
        ),
        "void": ("作废、重新签发", "void or issue again"),
        "withdraw": ("撤销", "withdraw"),
        "reveal": ("查看完整信息", "reveal"),
        "design": ("设计", "design"),
        "operate": ("运维", "operate"),
        "serve": ("接待", "serve at"),
        "move": ("迁移到另一个版本", "move to another version"),
        "book": ("替人预订", "book for others"),
        "review": ("审核", "review"),
        "appoint": ("任免", "give and take accounts and posts of"),
        "audit": ("审计", "audit"),
        "evidence": ("取责任证据包", "take the evidence package of"),
    }
)


def lets(thing: Thing, relation: str, verb: str) -> bool:
    """Whether this relation to such a thing lets one do this. A relation that has no line is a fault of ours."""
    return verb in _VERBS[thing, relation]
