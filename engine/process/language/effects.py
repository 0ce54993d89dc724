"""The closed list of effects: what a service or send task of a diagram may ask the outside world for.

A service or send task names one with `zeebe:taskDefinition type`. Its task headers are fixed in the drawing; its
arguments are the targets of its input mappings, evaluated when the step is taken. The process only says what it wants:
whoever called `advance` writes the effect as a row in the same transaction and carries it out. A task whose effect is
awaited stays until the answer comes; the answer's results become variables (through the output mappings, if any).

This table is the one place where effects are named. The linter, the guide (docs/dialect.md) and the element templates
(bpmn/_templates) follow it; each entry needs a handler above this room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

#: A type that begins so is for trying a diagram out: `yizhan play` reports it, no published matter may use it.
TRIAL = "test."

#: The header that makes any effect awaited: `await` = `true` holds the task until the effect is done.
AWAIT = "await"


@dataclass(frozen=True, slots=True)
class Header:
    """A task header the effect reads: fixed text in the drawing, never FEEL."""

    key: str
    zh: str
    en: str
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()  # (value, Chinese name); empty: any text
    default: str = ""


@dataclass(frozen=True, slots=True)
class Argument:
    """An input mapping the effect reads: `target` is the name, the value is JSON."""

    name: str
    zh: str
    en: str
    required: bool = False
    kind: str = "any"  # text, number, date, date-time, list, context, boolean, any
    has: tuple[str, ...] = ()  # of a result: all that it holds (of a list: each), so that a misspelt entry is found


@dataclass(frozen=True, slots=True)
class EffectKind:
    """One entry of the closed list."""

    type: str  # zeebe:taskDefinition type
    zh: str  # what a designer calls it
    en: str
    doc_zh: str
    doc_en: str
    headers: tuple[Header, ...] = ()
    arguments: tuple[Argument, ...] = ()
    results: tuple[Argument, ...] = ()  # what the answer brings back
    awaited: bool = False  # the task waits for the answer
    errors: tuple[tuple[str, str], ...] = ()  # (BPMN error code it may throw, Chinese meaning)
    at_once: bool = False  # awaited, and answered by the hall itself, soon and surely: no exit by time is asked for
    by_time: bool = False  # the hall answers it at a time that is set when it is asked: no exit by time is needed

    def header(self, key: str) -> Header | None:
        return next((h for h in self.headers if h.key == key), None)

    def argument(self, name: str) -> Argument | None:
        return next((a for a in self.arguments if a.name == name), None)


_TO = Header(
    "to",
    "收件人",
    "who receives it",
    choices=(
        ("applicant", "申请人"),
        ("principal", "委托人"),
        ("agent", "代办员"),
        ("both", "委托人和代办员"),
        ("parties", "各方当事人"),
        ("assignee", "当前经办人"),
        ("unit", "承办单位"),
        ("supervisor", "上级主管"),
        ("heads", "各镇负责人"),
        ("given", "由参数 to 给出"),
    ),
    default="applicant",
)
#: A notice may also go to many: those of a register who agreed to be told.
_TO_MORE = replace(_TO, choices=(*_TO.choices, ("register", "台账里同意接收的人")))
_REASON = Argument("reason", "理由", "the reason, as it is printed", kind="text")
_OFFER = ("number", "name", "starts_at", "ends_at", "places", "taken", "free")
_SUMS = (
    *("count", "sum", "min", "max", "finished", "in_time", "few"),
    *("parts.*", "came", "missed", "cancelled", "booked", "delivered"),
    *("due", "late", "asked", "answered", "judged", "solved", "rated", "satisfied", "left_out"),
    *("dispatched", "signed", "returned", "wrong", "closed", "redone", "rates.*", "rank"),
)
#: Of one body that voted.
_BODY = (
    *("name", "unit", "roll", "present", "online", "desk", "proxy", "quorum", "quorum_needed", "counted", "votes"),
    *("yes", "no", "abstain", "needed", "passed", "chosen", "tied", "why"),
)
#: Lawful causes that stop the clock (行政许可法 art 45). 补正 before acceptance is request-correction.
CAUSES = (
    ("hearing", "听证"),
    ("bidding", "招标"),
    ("auction", "拍卖"),
    ("inspection", "检验"),
    ("testing", "检测"),
    ("quarantine", "检疫"),
    ("appraisal", "鉴定"),
    ("expert-review", "专家评审"),
)

_LOANS = Header("loans", "借还", "the name in `loans` of matter.yaml", required=True)
_COPY = Argument("copy", "条码", "what is on the copy", required=True, kind="text")
_WHOM = Argument("person", "是谁", "{name, phone, id_number}; the applicant without it", kind="context")

#: What a case says of a need or a supply.
_SAID = (
    Argument("starts_at", "最早什么时候", "not before this", required=True, kind="date-time"),
    Argument("until_at", "最晚什么时候", "not after this, the same day; as starts_at without it", kind="date-time"),
    Argument("from", "从哪里", "code of a village or town; the case's own without it", kind="text"),
    Argument("to", "到哪里", "code of a village or town, where it has a way", kind="text"),
    Argument("via", "经过哪里", "codes of the places it passes, in order", kind="list"),
    Argument("answers", "表单填什么", "the answers of the form that the declaration asks", kind="context"),
    Argument("person", "是谁", "{name, phone, id_number}; the applicant without it", kind="context"),
)

_ALL = (
    # ------------------------------------------------------------ papers and notices
    EffectKind(
        "issue-paper",
        "签发文书",
        "Issue a paper",
        "按事项的文书模板生成一份正式文书（编号、盖章、二维码），存入办件。内容以这一刻的事实为准。",
        "Makes one official paper from the matter's template (number, seal, QR code) and files it with the case. "
        "Its content is frozen from the facts of this moment.",
        headers=(
            Header("kind", "文书种类", "the paper's name in matter.yaml, such as acceptance or closing", required=True),
            Header("organ", "署名机关", "who signs, when not as `papers` of matter.yaml says: a name of its `organs`"),
        ),
        arguments=(Argument("facts", "补充内容", "further facts for the template", kind="context"), _REASON),
    ),
    EffectKind(
        "deliver-paper",
        "送达文书",
        "Deliver a paper",
        "把已签发的文书（同一种的最新一份）送达；papers 里列了 service_receipt 的，出送达回证。作出决定以后送达的，"
        "停止送达时限。还没有签发的、电子送达没有写本人同意的，上一步当场说明。",
        "Delivers the newest paper of its kind; where `papers` lists service_receipt, that is issued. After the "
        "decision the limit of delivery ends. A paper that was not issued, or electronic service without the person's "
        "consent, is refused at the step before.",
        headers=(
            Header("kind", "文书种类", "which paper", required=True),
            Header(
                "way",
                "送达方式",
                "how",
                choices=(
                    ("window", "窗口"),
                    ("electronic", "电子"),
                    ("mail", "邮寄"),
                    ("agent", "代办员转交"),
                    ("notice", "公告"),
                ),
                default="window",
            ),
        ),
        arguments=(
            Argument("to", "受送达人", "who receives it; the applicant without it", kind="text"),
            Argument("agreed", "本人同意电子送达", "way = electronic: the person agreed, true", kind="boolean"),
        ),
    ),
    EffectKind(
        "send-notice",
        "发送通知",
        "Send a notice",
        "给当事人或工作人员发一条通知（站内、短信），按模板写成。安静时段内的顺延到早上。",
        "Sends one notice (in the system, by text message) from a template. Quiet hours postpone it to the morning.",
        headers=(
            Header("template", "通知模板", "the notice's name in matter.yaml", required=True),
            _TO_MORE,
            Header("register", "台账", "to = register: which register of persons"),
            Header("consent", "同意接收", "to = register: its yes/no field by which they agreed to be told"),
        ),
        arguments=(
            Argument(
                "to",
                "收件人",
                "user ids, phones, or groups of matter.yaml; header to = given",
                kind="list",
            ),
            Argument("facts", "补充内容", "further facts for the template", kind="context"),
            Argument("where", "台账条件", "to = register: searched field → value, or a list of values", kind="context"),
            Argument("state", "台账状态", "to = register: a state, or a list of states", kind="any"),
            Argument("place", "台账地方", "to = register: code of a unit, only entries of it and below", kind="text"),
        ),
    ),
    # ------------------------------------------------------------ acceptance, decision, end
    EffectKind(
        "accept-case",
        "受理",
        "Accept the case",
        "受理申请：记下受理日，法定和承诺时限从此起算。视为受理时 accepted_on 给出收件日。容缺的材料由表单写在变量 "
        "missing（材料名称的列表），文书上注明。",
        "Accepts the application: the statutory and the promised limit start. When acceptance is deemed, "
        "accepted_on is the day of receipt. What is handed in later stands in the variable `missing` (names of "
        "materials), and papers say so.",
        headers=(
            Header(
                "way",
                "受理方式",
                "how it was accepted",
                choices=(("normal", "正常受理"), ("promise", "容缺受理"), ("deemed", "视为受理")),
                default="normal",
            ),
        ),
        arguments=(Argument("accepted_on", "受理日", "the day it counts from; today without it", kind="date"),),
    ),
    EffectKind(
        "decline-case",
        "不予受理",
        "Decline the case",
        "不予受理：记下理由，办件以“不予受理”结束。文书另用“签发文书”。",
        "Declines to take the application: keeps the reason, the case ends as declined. The paper is issue-paper.",
        arguments=(
            Argument("reason", "理由", "the reason, as it is printed", required=True, kind="text"),
            Argument("ground", "依据种类", "which of the grounds", kind="text"),
        ),
    ),
    EffectKind(
        "request-correction",
        "补正告知",
        "Ask for corrections",
        "一次性告知全部需要补正的内容：生成补正告知书、通知申请人、记一次补正（不得二次补正可预见的内容）。",
        "Tells everything to be corrected at once: makes the notice, tells the applicant, counts one "
        "correction (a second "
        "for what could be seen the first time is refused).",
        arguments=(
            Argument("items", "补正内容", "each: material, what is wrong, how to mend it", required=True, kind="list"),
            Argument("due_on", "补正期限", "last day to answer; without it the county's default", kind="date"),
            Argument(
                "reason",
                "首次看不出的理由",
                "of a second request: why it could not be seen the first time",
                kind="text",
            ),
            Argument("late", "逾期的后果", "what happens when nothing is corrected, as it is printed", kind="text"),
        ),
    ),
    EffectKind(
        "decide",
        "作出决定",
        "Decide",
        "记下决定：准予或不予，连同理由和依据。不予必须有理由。",
        "Keeps the decision with its reason and basis. A refusal needs a reason.",
        headers=(
            Header(
                "outcome",
                "决定",
                "the decision; without it the argument outcome says it",
                choices=(("approve", "准予"), ("refuse", "不予"), ("partly", "部分准予")),
            ),
            Header("organ", "决定机关", "who decides: a name of `organs` in matter.yaml", default="office"),
        ),
        arguments=(
            Argument("outcome", "决定", "approve, refuse or partly, when the header does not say", kind="text"),
            _REASON,
        ),
    ),
    EffectKind(
        "close-case",
        "办结",
        "Close the case",
        "办结：停止所有时限，记下结果。",
        "Closes the case: every clock stops, the outcome is kept.",
        headers=(
            Header(
                "outcome",
                "结果",
                "how it ended",
                choices=(
                    ("done", "办成"),
                    ("refused", "不予"),
                    ("declined", "不予受理"),
                    ("withdrawn", "申请人撤回"),
                    ("ended", "终止"),
                    ("referred", "移送"),
                ),
                default="done",
            ),
        ),
        arguments=(_REASON,),
    ),
    EffectKind(
        "archive-case",
        "归档",
        "Archive the case",
        "把办件材料和文书编目归档。",
        "Lists the materials and papers of the case and archives it.",
    ),
    # ------------------------------------------------------------ clocks
    EffectKind(
        "start-clock",
        "起算时限",
        "Start a limit",
        "起算 matter.yaml 里的一个时限（例如派单后的签收时限），或另一种时限制度（例如 judicial_confirmation，"
        "司法确认）。"
        "受理的法定、承诺时限由“受理”起算。",
        "Starts one limit of matter.yaml (such as signing for an order), or another regime's limit beside the "
        "case's own "
        "(such as judicial_confirmation). Statutory and promised limits start by accept-case.",
        headers=(Header("limit", "时限名称", "the limit's name in matter.yaml", required=True),),
        arguments=(Argument("from", "起算时间", "counted from; now without it", kind="date-time"),),
    ),
    EffectKind(
        "pause-clock",
        "暂停时限",
        "Pause the clock",
        "暂停时限，出特别程序告知书，告知申请人所需时间。只有法律列明的原因可以暂停；流程照走，图里的定时器不停。",
        "Stops the clock, issues the paper of the special procedure and tells the applicant how long. Only the causes "
        "the law lists may do so; the diagram goes on and its timers run.",
        headers=(Header("cause", "原因", "the lawful cause", required=True, choices=CAUSES),),
        arguments=(
            Argument("days", "所需工作日数", "the working days it needs, as told", required=True, kind="number"),
            Argument("reason", "理由", "the reason, kept with the clock", kind="text"),
            Argument("facts", "告知书上的补充", "further facts of the paper: prepare, where, body", kind="context"),
        ),
    ),
    EffectKind(
        "resume-clock",
        "恢复时限",
        "Resume the clock",
        "恢复计算被暂停的时限，应办结日和各环节的期限顺延暂停的工作日数，告知申请人。写了原因的，只恢复因它暂停的，没有就什么也不做；"
        "不写原因而没有暂停的，上一步当场说明。",
        "Lets a paused clock run again; the due day and the limits of steps move by the working days of the pause, and "
        "the applicant is told. With a cause only the pause of that cause ends, and nothing is done where there is "
        "none; without one, a clock that runs is refused at the step before.",
        headers=(Header("cause", "原因", "only the pause of this cause; any without it", choices=CAUSES),),
    ),
    EffectKind(
        "extend-clock",
        "延长时限",
        "Extend the limit",
        "把本办件的法定时限和承诺时限延长一次：法律写几天就几天，或写得更短。由法律写的人批准，出延长办理期限通知书，理由告知申请人。"
        "不能延长、延过了、已经到期、超过法律写的天数，上一步当场说明。",
        "Extends the case's own limits once, by what the law says or by less, approved by whom the law names; the "
        "paper is issued and the applicant is told why. What the law does not allow is refused at the step before.",
        arguments=(
            Argument("workdays", "延长的工作日数", "how many, at most the law's; the law's without it", kind="number"),
            Argument("approved_by", "批准人", "who approved it", required=True, kind="text"),
            Argument("reason", "理由", "the reason, as it is printed", required=True, kind="text"),
        ),
    ),
    EffectKind(
        "hearing",
        "听证的一步",
        "A step of a hearing",
        "记下听证走到哪一步：告知权利、收到申请、发了通知、开过了，并按法律核对：申请在告知后几个工作日内，通知提前几个工作日，"
        "几个工作日内举行，主持人不是审查的人，笔录签过字。不合的，退回填写。停计时另用“暂停时限”。",
        "Notes how far a hearing has come (the right told, asked for, notified, held) and holds it to the law: asked "
        "for in time, notice long enough before, held in time, a host who did not review, a signed transcript. What "
        "is not so is refused at the field. The clock is stopped by pause-clock.",
        headers=(
            Header(
                "step",
                "哪一步",
                "which step",
                required=True,
                choices=(("told", "告知听证权利"), ("asked", "收到申请"), ("notified", "发出通知"), ("held", "举行")),
            ),
            Header(
                "answers",
                "不合时说在哪项答案",
                "the part of the answers at which the form says what is wrong: its on, host, signed",
            ),
        ),
        arguments=(
            Argument("on", "哪天", "asked: the day the request came; notified: the day of the hearing", kind="date"),
            Argument("host", "主持人", "who holds it", kind="text"),
            Argument("reviewers", "审查人员", "who reviewed: none of them may hold it", kind="list"),
            Argument("signed", "笔录签过字", "held: the transcript is signed, true", kind="boolean"),
        ),
    ),
    EffectKind(
        "stop-clock",
        "停止时限",
        "Stop a limit",
        "停止一个时限（完成了它要求的事）。不写名称则停止全部。",
        "Stops one limit (what it asked for is done). Without a name: all of them.",
        headers=(Header("limit", "时限名称", "the limit's name in matter.yaml"),),
    ),
    # ------------------------------------------------------------ appointments
    EffectKind(
        "release-appointment",
        "释放预约",
        "Release an appointment",
        "由大厅取消本办件的预约：号源退回并让给候补的人，提醒和“预约成功”的短信不再发，不计入本人的取消或爽约。"
        "同一步里流程自己通知申请人的，大厅不再另发。已经到场的不动。",
        "The hall cancels the booking of this case: its place is offered to who waits, reminders and the message "
        "that it is booked are called off, and it never counts against the person. The hall tells them, unless the "
        "diagram does in the same step. Who is there already stays.",
        arguments=(
            Argument("appointment", "预约号", "the number; all of this case without it", kind="text"),
            _REASON,
        ),
    ),
    # ------------------------------------------------------------ people of the case
    EffectKind(
        "check-chosen",
        "核对选定的人",
        "Check who was chosen",
        "核对按名字选定的工作人员：须在名册里；是当事人本人、同户、申报为近亲属或有利害关系、被提出过异议的，"
        "退回填写并说明"
        "（按 matter.yaml 里这个角色的 stand_aside）。核对过的人看得到办件，候选人 party:角色 就是他们。"
        "须回避的、换下来的人从此看不到也办不了这一件。",
        "Checks staff who were chosen by name: they must hold the role's post; a party, one of the same "
        "household, declared "
        "kin, or one objected to is refused by name, at the field, as the role's stand_aside in matter.yaml "
        "says. From then "
        "on they see the case, and the candidate user party:<role> is they; who must stand aside or was replaced "
        "keeps away from it.",
        headers=(Header("role", "角色", "the role of `parties` in matter.yaml", required=True),),
        arguments=(Argument("people", "选定的人", "each with name", required=True, kind="list"),),
        results=(
            Argument("chosen", "核对过的人", "the same rows, with name, account and where they serve", kind="list"),
        ),
        awaited=True,
        at_once=True,
    ),
    # ------------------------------------------------------------ other cases, other offices
    EffectKind(
        "open-child-case",
        "发起联办",
        "Open a child case",
        "另开一个办件，不等它办完。",
        "Opens another case and does not wait for it.",
        headers=(Header("matter", "事项", "the matter's folder name", required=True),),
        arguments=(
            Argument("variables", "初始内容", "its first variables", kind="context"),
            Argument("unit", "承办单位", "who handles it", kind="text"),
        ),
    ),
    EffectKind(
        "run-child-case",
        "联办并等待",
        "Run a child case",
        "另开一个办件，等它办结后继续，结果在 child 里。",
        "Opens another case and waits until it is closed; the outcome is in child.",
        headers=(Header("matter", "事项", "the matter's folder name", required=True),),
        arguments=(
            Argument("variables", "初始内容", "its first variables", kind="context"),
            Argument("unit", "承办单位", "who handles it", kind="text"),
        ),
        results=(
            Argument("child", "子办件", "number, outcome, result", kind="context", has=("number", "outcome", "result")),
        ),
        awaited=True,
        errors=(("CHILD_FAILED", "子办件未办成"),),
    ),
    EffectKind(
        "join-case",
        "并入同一件事",
        "Join a case about the same thing",
        "这一件和更早的一件是同一件事：按编号并过去，等那一件答复。两件各有各的编号和申请人，互不知道对方是谁。"
        "编号不存在、看不到、不是同一事项、已经办完的，当场说明，不并。"
        "那一件没有答复就结束的，joined.answered 是 false。",
        "This case is about the same thing as an earlier one: it waits for that one's answer. Each keeps its number "
        "and its applicant; neither learns who the other is. A number that is not there, not to be seen, of another "
        "matter or ended is refused at once. When the earlier one ends without an answer, joined.answered is false.",
        arguments=(Argument("number", "那一件的编号", "the earlier case's number", required=True, kind="text"),),
        results=(
            Argument(
                "joined",
                "那一件的答复",
                "number, answered, answer, outcome",
                kind="context",
                has=("number", "answered", "answer", "outcome"),
            ),
        ),
        awaited=True,
    ),
    EffectKind(
        "answer-joined",
        "一并答复",
        "Answer what is joined",
        "把这一件的答复也给并入这一件、还在等的各件；以后并进来的，马上得到这个答复。"
        "各件的流程里再由工作人员看一遍，照用或另写一份，才答复各自的申请人：答复里可能写着别人是谁。",
        "Gives this case's answer to all that are joined to it and wait; one that joins later gets it at once. Let a "
        "clerk read it in each of them, and use it or write another, before their applicant has it: it may say who "
        "the first one is.",
        arguments=(Argument("answer", "答复", "the answer, as it is sent", required=True, kind="text"),),
    ),
    EffectKind(
        "share-data",
        "数据共享查询",
        "Query shared data",
        "向数据共享接口查询，免交材料；等待结果。",
        "Asks another office's data service so that nobody brings a paper; waits for the answer.",
        headers=(Header("source", "数据源", "the service's name", required=True),),
        arguments=(
            Argument("query", "查询条件", "what is asked", kind="context"),
            Argument("purpose", "用途", "why; it is logged", kind="text"),
        ),
        results=(
            Argument("found", "是否查到", "true when there is a record", kind="boolean"),
            Argument("data", "查询结果", "the record", kind="context"),
        ),
        awaited=True,
        errors=(("UNAVAILABLE", "接口不可用"),),
    ),
    EffectKind(
        "refer-case",
        "移送",
        "Refer to another office",
        "移送有权处理的单位，附移送清单；收下的原件当天交接，双方确认，办件不等。",
        "Hands the case to the office that may handle it, with a list of what goes along; originals are handed over "
        "the same day, signed by both ends, and the case does not wait for it.",
        headers=(
            Header("unit", "接收单位", "the office; the argument wins"),
            Header("organ", "移送机关", "who signs the slip: a name of `organs` in matter.yaml", default="office"),
        ),
        arguments=(Argument("unit", "接收单位", "the office", kind="text"), _REASON),
    ),
    EffectKind(
        "report-police",
        "报告公安",
        "Report to the police",
        "发现可能的违法犯罪或人身危险：立即报告公安，限制查看范围并留痕。",
        "Possible crime or danger to a person: reports to the police at once, narrows who may read, keeps a trace.",
        headers=(
            Header(
                "readers",
                "以后谁看得到",
                "who reads it from now on: the office alone, or, when the case goes on, who did before",
                choices=(("office", "只有承办机关"), ("same", "不变，办件继续")),
                default="office",
            ),
        ),
        arguments=(Argument("reason", "情况", "what was seen", required=True, kind="text"),),
    ),
    # ------------------------------------------------------------ orders
    EffectKind(
        "take-mandate",
        "接受委托",
        "Take the mandate",
        "办上一步的工作人员接受委托，从此是本件的代办员：文书上写他的名字，进展也告诉他。已经有代办员的不变。",
        "The clerk who did the step before takes the mandate and is the applicant's agent from now on: papers "
        "name them, "
        "and they are told. A case that has an agent keeps theirs.",
    ),
    EffectKind(
        "keep-away",
        "回避",
        "Keep away",
        "让这些工作人员回避：看不到本办件，也接不到它的任何任务（签收、转办、委派、代理、退回都不行）。"
        "写姓名或账号；写办件编号的，办过那件的人都回避。",
        "These staff keep away: they neither see the case nor get a task of it by any way. Names or log-ins; with the "
        "number of another case, everybody who worked on that one.",
        headers=(
            Header(
                "who",
                "谁回避",
                "whether the clerk who did the step before keeps away",
                choices=(("named", "写明的人"), ("actor", "办上一步的人")),
                default="named",
            ),
        ),
        arguments=(
            Argument("people", "工作人员", "names or log-ins", kind="list"),
            Argument("case", "办件编号", "the number of a case they worked on", kind="text"),
        ),
    ),
    EffectKind(
        "dispatch-order",
        "派单",
        "Dispatch an order",
        "把工单派给单位或人员，签收和办理时限从派单起算。",
        "Sends the order to an office or a person; the limits run from here.",
        headers=(Header("category", "类别", "the order's category"),),
        arguments=(
            Argument("unit", "承办单位", "the office", required=True, kind="text"),
            Argument("urgent", "是否紧急", "true when urgent", kind="boolean"),
        ),
    ),
    # ------------------------------------------------------------ records
    EffectKind(
        "record",
        "记入台账",
        "Record in a register",
        "在事项声明的台账里记一条。一人一条、一物一条的，已有的按新的内容改，每次改都留下前后对比；没给的各项不变，"
        "空值清除。"
        "办件留下的一行（走访、回访）每次新记。",
        "Puts an entry into a register that the matter declares. Of a person or a thing that has one, that one is "
        "changed: what is not given stays, null empties a field, and each change keeps what was. A line that a case "
        "leaves is always a new one.",
        headers=(
            Header("register", "台账", "the register's name in matter.yaml or a shared file", required=True),
            Header("state", "状态", "its state from now on; without it a new entry has the register's first"),
            Header(
                "answers",
                "加不了时说在哪项答案",
                "the answer at which the form says that a sum was refused (below least, above most)",
            ),
        ),
        arguments=(
            Argument("facts", "内容", "field → value", kind="context"),
            Argument(
                "add",
                "加减的数",
                "number field → what is added to it as it is at that moment; less than nothing takes away",
                kind="context",
            ),
            Argument(
                "person",
                "是谁",
                "of a register about persons: name, phone, id_number; the applicant without it",
                kind="context",
            ),
            Argument("state", "状态", "its state, when the header does not say", kind="text"),
            Argument("place", "村（社区）", "code of the village it belongs to; the case's without it", kind="text"),
        ),
    ),
    EffectKind(
        "ask-rating",
        "邀请评价",
        "Ask for a rating",
        "邀请申请人评价（好差评），自愿，一件一次；七日不评按默认，不计入实评率。",
        "Asks the applicant for a rating: voluntary, once a case; unrated after seven days is kept apart.",
    ),
    EffectKind(
        "set-rating-aside",
        "误评不计",
        "Set a rating aside",
        "上级复核认定是误评：原办件的评价不再计入比率。只用于差评整改。",
        "The unit above has found the rating mistaken: the rating of the parent case counts no more.",
        arguments=(_REASON,),
    ),
    EffectKind(
        "remind",
        "催办",
        "Remind",
        "站内提醒经办人、承办单位或其主管。同一任务同一轮同一步只提醒一次；没有人经办的不提醒经办人。",
        "Reminds, on their screen, who is in charge, the office or its supervisor. Once a task, round and step; nobody "
        "is reminded as assignee of what nobody has.",
        headers=(
            Header(
                "to",
                "提醒谁",
                "who",
                choices=(("assignee", "当前经办人"), ("supervisor", "上级主管"), ("unit", "承办单位")),
                default="assignee",
            ),
            Header("template", "通知模板", "the notice's name in matter.yaml"),
        ),
    ),
    # ------------------------------------------------------------ registers 台账
    EffectKind(
        "look-up",
        "查台账",
        "Look up a register",
        "在事项声明的台账里查，当场得到结果。按人或按 key 查得一条（entry），按各项查得几条（entries，最多 most 条，"
        "还有更多时 more 为真）。健康、儿童信息不给，除非写明 sensitive 和 purpose，每次都有记录。"
        "谁在册不能让别人知道的（党员名册），写 own：群众在网上问，只有用册上那个手机号登录的人查得到。",
        "Looks into a register that the matter declares and is answered at once. By person or key: one entry; by the "
        "fields it searches: entries, at most `most` of them, and more says whether there are others. Health and child "
        "data are left out unless sensitive and purpose are given, and each such reading is recorded. Where nobody is "
        "to learn who stands in it (party members), say own: a resident online finds only what bears the telephone "
        "they signed in by.",
        headers=(
            Header("register", "台账", "the register's name in matter.yaml or a shared file", required=True),
            Header("most", "最多几条", "entries at most, up to 200", default="20"),
            Header(
                "none",
                "查不到时",
                "what happens when nothing is found",
                choices=(("nothing", "继续，found 为假"), ("error", "抛出错误 NOT_FOUND")),
                default="nothing",
            ),
            Header(
                "only",
                "哪些",
                "which entries",
                choices=(("valid", "有效的（没结束、没过期）"), ("all", "全部")),
                default="valid",
            ),
            Header("sensitive", "健康、儿童信息", "true: health and child data too", choices=(("true", "要"),)),
            Header("purpose", "用途", "why health or child data are read; it is recorded"),
            Header(
                "own",
                "只认本人",
                "true: an account learns of an entry only by the telephone that the entry bears",
                choices=(("true", "账号的手机号要和台账里的一样"),),
            ),
        ),
        arguments=(
            Argument("person", "是谁", "name, phone, id_number of whom it is about", kind="context"),
            Argument("key", "编号", "the key of a thing", kind="text"),
            Argument("where", "条件", "searched field → value, or a list of values", kind="context"),
            Argument("state", "状态", "a state, or a list of states", kind="any"),
            Argument("place", "地方", "code of a unit: only entries of it and below", kind="text"),
        ),
        results=(
            Argument("found", "查到了", "whether there is any", kind="boolean"),
            Argument("entry", "那一条", "the entry; of several the newest; null without any", kind="context"),
            Argument("entries", "几条", "all that were found", kind="list"),
            Argument("more", "还有更多", "whether there are more than these", kind="boolean"),
        ),
        awaited=True,
        at_once=True,
        errors=(("NOT_FOUND", "没有查到"),),
    ),
    # ------------------------------------------------------------ bonds 关系
    EffectKind(
        "make-bond",
        "建立关系",
        "Make a bond",
        "在申请人和另一个人之间建立一种关系（接送人、照护人…），从今天起有效；同一步里马上知道成不成。已经有的、人数满了的，"
        "走 TAKEN；年龄、身份证号对不上的，走 UNFIT。",
        "Makes a bond between the applicant and somebody else, from today; it is answered in the same step. One that "
        "is "
        "there already, or no place left: TAKEN. Of the wrong age, or a wrong number: UNFIT.",
        headers=(
            Header("bond", "哪种关系", "the bond's name in matter.yaml", required=True),
            Header(
                "applicant",
                "申请人是哪一方",
                "which side the applicant is",
                choices=(("subject", "被照顾、被代办的一方"), ("holder", "可以替他办的一方")),
                default="subject",
            ),
        ),
        arguments=(
            Argument("name", "对方姓名", "the other's name", required=True, kind="text"),
            Argument("phone", "对方手机号", "the other's telephone", kind="text"),
            Argument("id_number", "对方身份证号", "the other's identity number", kind="text"),
            Argument("until", "最后一天", "its last day; as declared without it", kind="date"),
            Argument("matters", "只限这些事项", "only these matters", kind="list"),
            Argument(
                "subject", "被照顾的人", "whom it is about, when not the applicant: name, id_number", kind="context"
            ),
            Argument("photo", "照片", "the file with the other's picture", kind="any"),
        ),
        results=(
            Argument("bond", "关系编号", "its number, for end-bond", kind="number"),
            Argument("until", "最后一天", "its last day", kind="date"),
        ),
        awaited=True,
        at_once=True,
        errors=(("TAKEN", "已经有了，或者人数满了"), ("UNFIT", "两方的年龄、证件不合要求")),
    ),
    EffectKind(
        "end-bond",
        "解除关系",
        "End a bond",
        "解除本件建立的关系，或者按编号解除申请人的一种关系，立即失效。已经解除的不再办。",
        "Ends the bonds this case made, or one of the applicant's by its number, at once. One that has ended stays so.",
        headers=(Header("bond", "哪种关系", "the bond's name in matter.yaml", required=True),),
        arguments=(
            Argument("bond", "关系编号", "which one; all of the kind that the case made without it", kind="number"),
        ),
    ),
    # ------------------------------------------------------------ offers 供给与预订
    EffectKind(
        "open-offer",
        "开放供给",
        "Open an offer",
        "开放一项可以预订的供给（matter.yaml 的 offers 里写着 opened_by: case）：时间、名额或角色、在哪个村。"
        "报满、有人退出、到时没报满、结束，按声明里的消息告诉本办件，关联键是供给的编号。",
        "Opens something people can book (declared in `offers` with opened_by: case): when, how many places or which "
        "roles, in which village. The case hears that it is covered, left, unclaimed or over by the messages the "
        "declaration names; their correlation key is the offer's number.",
        headers=(Header("offer", "供给", "the name in `offers` of matter.yaml", required=True),),
        arguments=(
            Argument("starts_at", "开始时间", "when it begins", required=True, kind="date-time"),
            Argument("ends_at", "结束时间", "when it ends; two hours later without it", kind="date-time"),
            Argument(
                "places",
                "名额",
                "a number, or a list of roles {role, title, capacity}; as declared without it",
            ),
            Argument("name", "叫什么", "what it is called, to people", kind="text"),
            Argument("about", "说明", "a sentence for whoever may book it", kind="text"),
            Argument("place", "哪个村", "the village's or town's code; the case's without it", kind="text"),
            Argument("address", "详细地址", "only for who booked it, and the unit's staff", kind="text"),
            Argument("parent", "属于哪个活动", "the number of the event it is a session of", kind="text"),
        ),
        results=(
            Argument(
                "offer", "供给", "number, name, starts_at, ends_at, places, taken, free", kind="context", has=_OFFER
            ),
        ),
        awaited=True,
        at_once=True,
    ),
    EffectKind(
        "close-offer",
        "取消供给",
        "Call an offer off",
        "取消本办件开放的供给（连同它的场次）：名额退回，每个预订的人通知一次，不计入本人的取消。",
        "Calls off what this case opened, with its sessions: every booking is given back, everybody is told once, and "
        "it counts against nobody.",
        arguments=(
            Argument("offer", "供给编号", "the number; all of this case without it", kind="text"),
            _REASON,
        ),
    ),
    EffectKind(
        "hold-arrivals",
        "先不收新到的",
        "Let nobody else in",
        "今天这项供给的门口先不收新到的（人手不够）：签到会被拒绝，并说明 says 写的原因；"
        "已经在里面的照常，照样签退。不写 says 就是又可以收了。",
        "At the door of this offer nobody else is let in today (carers are short): whoever comes is refused with what "
        "`says` gives; those inside stay and are signed out. Without `says` people are let in again.",
        headers=(Header("offer", "供给", "the name in `offers` of matter.yaml", required=True),),
        arguments=(Argument("says", "为什么", "why, in plain words; without it the door is open again", kind="text"),),
    ),
    EffectKind(
        "move-offer",
        "供给改期",
        "Move an offer",
        "把本办件开放的供给改到另一个时间，它的场次一起移，预订跟着走，每个人通知一次。",
        "Moves what this case opened to another time, its sessions with it; the bookings go along and everybody is "
        "told once.",
        arguments=(
            Argument("offer", "供给编号", "the number; all of this case without it", kind="text"),
            Argument("starts_at", "新的时间", "the new time", required=True, kind="date-time"),
            _REASON,
        ),
    ),
    EffectKind(
        "call-roll",
        "点名册",
        "The roll of an offer",
        "本办件开放的供给有谁报了名，一人一行：报名编号、姓名、做什么、签到了没有。同名的两个人是两行。",
        "Who booked what this case opened, a line each: number of the booking, name, role, whether they came. "
        "Two of one name are two lines.",
        arguments=(Argument("offer", "供给编号", "the number; what this case opened last without it", kind="text"),),
        results=(
            Argument(
                "roll", "名册", "each: number, name, role, came", kind="list", has=("number", "name", "role", "came")
            ),
        ),
        awaited=True,
        at_once=True,
    ),
    EffectKind(
        "book",
        "预订",
        "Book",
        "给申请人（或 person 写的人）预订；几项一起订的，要么都订上，要么都不订。写了 starts_at 就是订会面："
        "matter.yaml 的 meeting 里 holds 的几项（房间、主持人的时间）在这个时间一起订；"
        "已有待开的就是改期，先占新的，再放旧的。"
        "有冲突时退回填写，并列出近期都空的时间。",
        "Books for the applicant, or for `person`; several offers are booked together or not at all. With starts_at it "
        "books the meeting of the case: all that `meeting.holds` of matter.yaml names (a room, the time of who leads "
        "it); one that is to come is moved: the new is taken, then the old let go. A clash is refused at the field, "
        "with the next times that are free.",
        arguments=(
            Argument("starts_at", "会面的时间", "when the meeting begins", kind="date-time"),
            Argument("minutes", "多长时间", "of a meeting: minutes; two hours without it", kind="number"),
            Argument("place", "地点", "of a meeting: a room that can be booked, or anywhere else", kind="text"),
            Argument("offer", "供给编号", "the number of one offer", kind="text"),
            Argument("role", "角色", "the role, where places are by role", kind="text"),
            Argument("offers", "几项", "instead of offer: a list of numbers, or of {offer, role}", kind="list"),
            Argument("person", "给谁", "{name, phone, id_number}; the applicant without it", kind="context"),
        ),
        results=(
            Argument("meeting", "会面", "of a meeting: starts_at, ends_at, place", kind="context"),
            Argument(
                "bookings", "预订", "each: number, starts_at, price", kind="list", has=("number", "starts_at", "price")
            ),
        ),
        awaited=True,
        at_once=True,
        errors=(("FULL", "满了"), ("REFUSED", "不符合条件，或已经截止、已经订过")),
    ),
    EffectKind(
        "release",
        "释放预订",
        "Release a booking",
        "由大厅取消本办件的预订，名额让给候补的人，不计入本人的取消。写了 meeting 就是了结会面：开过了，"
        "或者不开了、一起订的都放开。没有待开的会就什么也不做。",
        "The hall gives back the booking of this case: its place is offered to who waits; it counts against nobody. "
        "With `meeting`, the meeting of the case: it was held, or is called off and all it holds is given back. "
        "Nothing happens when none is to come.",
        headers=(
            Header("meeting", "会面", "how the meeting ended", choices=(("held", "开过了"), ("cancelled", "不开了"))),
        ),
        arguments=(
            Argument("appointment", "预订编号", "the number; all of this case without it", kind="text"),
            _REASON,
        ),
    ),
    EffectKind(
        "give-back",
        "退掉某人的预订",
        "Give back somebody's bookings",
        "替 person（不写是申请人）退掉 kind 这一种供给在 from 到 until 开始的预订，不管哪个事项开的：像本人自己退一样，"
        "名额给候补的，开放它的办件、带队的都知道，本人也收到通知。已经开始的不动；团队里只退他自己的名额。",
        "Gives back what `person` (the applicant without it) has booked of offers of this kind that begins between "
        "`from` and `until`, whichever matter opened them, as if they did it themselves: the place goes to who waits, "
        "the case that opened it and a leader hear of it, and so do they. What has begun stays; in a team it is their "
        "own place.",
        headers=(
            Header(
                "kind",
                "哪一种供给",
                "the kind of offers",
                required=True,
                choices=(("job", "志愿岗"), ("session", "场次"), ("meal", "餐"), ("place", "名额"), ("room", "房间")),
            ),
        ),
        arguments=(
            _WHOM,
            Argument("from", "从哪天", "the first day; today without it", kind="date"),
            Argument("until", "到哪天", "the last day; without it there is no end", kind="date"),
            _REASON,
        ),
        results=(
            Argument(
                "given_back",
                "退了哪些",
                "each: number, name, starts_at",
                kind="list",
                has=("number", "name", "starts_at"),
            ),
        ),
        awaited=True,
        at_once=True,
    ),
    # ------------------------------------------------------------ loans 借还
    EffectKind(
        "lend",
        "借出",
        "Lend",
        "把台账里的这一本（这一件）借给申请人，或 person 写的人，当场知道成不成：借走了、留给别人了走 TAKEN；满了、暂"
        "停借阅、"
        "不符合条件、没有登记的监护人走 REFUSED。",
        "Lends this copy of the register to the applicant, or to `person`, and is answered at once. Lent, or kept for "
        "somebody: TAKEN. As many as one may have, paused, who may not, no registered guardian: REFUSED.",
        headers=(_LOANS,),
        arguments=(_COPY, _WHOM),
        results=(Argument("loan", "借阅", "id, copy, title, lent_on, due, renewed, overdue", kind="context"),),
        awaited=True,
        at_once=True,
        errors=(("TAKEN", "借走了，或者留给别人了"), ("REFUSED", "满了、暂停借阅、不符合条件")),
    ),
    EffectKind(
        "take-back",
        "还回",
        "Take back",
        "这一本还回来了：有人预约就留给第一位，不然放回书架。没有借出去的（捡到的）也放回它该在的地方。",
        "A copy is back: kept for the first who reserved it, else on its shelf. One that was not lent is put where it "
        "belongs too.",
        headers=(_LOANS,),
        arguments=(_COPY,),
        results=(
            Argument("lent", "是借出去的", "whether it was lent", kind="boolean"),
            Argument("kept", "留给预约的人", "whether it is kept for who reserved it", kind="boolean"),
            Argument("title", "名称", "what it is called", kind="text"),
        ),
        awaited=True,
        at_once=True,
        errors=(("NOT_FOUND", "没有这个条码"),),
    ),
    EffectKind(
        "renew",
        "续借",
        "Renew",
        "续借这一本；不写 copy 就是申请人借着的全部。写 until 是借阅处宽限到哪天，不管续过几次、有没有过期；因过期暂"
        "停的，"
        "宽限以后就能再借。",
        "Renews a copy; all that the applicant has without `copy`. With `until` the desk allows time until that day, "
        "renewed or overdue as it may be; a pause for what was overdue is over with it.",
        headers=(_LOANS,),
        arguments=(
            Argument("copy", "条码", "what is on the copy; all of theirs without it", kind="text"),
            Argument("until", "宽限到", "the desk allows time until this day", kind="date"),
            _WHOM,
        ),
        results=(
            Argument("renewed", "几本", "how many", kind="number"),
            Argument("due", "最早哪天还", "the first day on which one is due", kind="date"),
        ),
        awaited=True,
        at_once=True,
        errors=(("REFUSED", "没有借着的，过期了，续过了，有人预约"),),
    ),
    EffectKind(
        "reserve",
        "预约借阅",
        "Reserve",
        "预约一种（reserve_by 的值），有一本回来就留给他，到了通知他。",
        "Reserves a title (a value of reserve_by): the next copy that comes back is kept, and they are told.",
        headers=(_LOANS,),
        arguments=(
            Argument("title", "哪一种", "the value by which one reserves, as an ISBN", required=True, kind="text"),
            _WHOM,
        ),
        results=(
            Argument("ready", "现在就有", "whether a copy is kept already", kind="boolean"),
            Argument("until", "留到哪天", "until when it is kept", kind="date"),
            Argument("before", "前面几位", "how many wait before them", kind="number"),
        ),
        awaited=True,
        at_once=True,
        errors=(("REFUSED", "目录里没有，正借着，预约太多，不符合条件"),),
    ),
    EffectKind(
        "recall",
        "催还",
        "Recall",
        "请借着这一本的人一周内还回来（本来更早到期的不变），通知他，不能再续。",
        "Whoever has this copy is asked to bring it back within a week (not later than it was due), and is told.",
        headers=(_LOANS,),
        arguments=(_COPY,),
        results=(Argument("due", "哪天还", "when it is due now", kind="date"),),
        awaited=True,
        at_once=True,
        errors=(("REFUSED", "没有借出去，或没有这个条码"),),
    ),
    EffectKind(
        "end-loan",
        "了结借阅",
        "End a loan",
        "了结开出本办件的那笔借阅：赔书（replaced）、赔钱（paid）、免赔（waived），或找到还了（returned，书回架）。",
        "Ends the loan that opened this case: replaced, paid, waived; or returned: the copy goes back on its shelf.",
        headers=(Header("how", "怎样了结", "returned, replaced, paid or waived", required=True),),
    ),
    # ------------------------------------------------------------ matches 撮合
    EffectKind(
        "open-need",
        "提出需求",
        "Say a need",
        "替申请人（或 person 写的人）在撮合里提出一条需求，当场得到它的编号。配上、对方取消、到时没有配上、过了，按声"
        "明里的"
        "消息告诉本办件，关联键是编号。不符合条件、时间地点不对的，走 REFUSED。",
        "Puts a need of the applicant (or of `person`) among what is looked for, and is answered at once with its "
        "number. "
        "That it is matched, called off, not matched in time or over the case hears by the messages the declaration "
        "names; their correlation key is the number. Who may not, or a wrong place or time: REFUSED.",
        headers=(Header("match", "撮合", "the name in `matches` of matter.yaml", required=True),),
        arguments=_SAID,
        results=(Argument("need", "需求", "number, state, day, starts_at, from, to, places", kind="context"),),
        awaited=True,
        at_once=True,
        errors=(("REFUSED", "不符合条件，或者时间、地点、内容不对"),),
    ),
    EffectKind(
        "open-supply",
        "提供",
        "Offer a supply",
        "替申请人（或 person 写的人）在撮合里提供一条，如一趟车的空位、一件可以借用的东西；其余同“提出需求”。",
        "Offers a supply of the applicant (or of `person`): seats of a car, a thing to lend; else as open-need.",
        headers=(Header("match", "撮合", "the name in `matches` of matter.yaml", required=True),),
        arguments=_SAID,
        results=(Argument("supply", "供给", "number, state, day, starts_at, from, to, places", kind="context"),),
        awaited=True,
        at_once=True,
        errors=(("REFUSED", "不符合条件，或者时间、地点、内容不对"),),
    ),
    EffectKind(
        "match",
        "撮合",
        "Match",
        "把一条需求和一条供给配上：一条是本办件的（它提出的，或者开出本办件的那条需求）。另一边也是本办件的、声明 "
        "accept: "
        "auto 的、窗口登记并且已经问过的（agreed），当场两边一起配上；不然问对方，等对方同意（消息 matched）。位子满"
        "了走 FULL。",
        "Brings a need and a supply together, one of them this case's (put by it, or the need that opened it). Where "
        "the "
        "other is this case's too, the declaration says accept: auto, or it was entered at a counter that has asked "
        "(agreed), both are booked in this transaction; else the other side is asked, and says yes or no (the message "
        "matched). No room left: FULL.",
        headers=(
            Header(
                "agreed",
                "对方已经同意",
                "true: the other side was entered at this counter and has said yes",
                choices=(("true", "已经问过，对方同意"),),
            ),
        ),
        arguments=(
            Argument("need", "需求编号", "the need's number", required=True, kind="text"),
            Argument("supply", "供给编号", "the supply's number", required=True, kind="text"),
        ),
        results=(
            Argument("pair", "配对", "number, state (asked, agreed), need, supply, places, starts_at", kind="context"),
        ),
        awaited=True,
        at_once=True,
        errors=(("FULL", "位子满了"), ("REFUSED", "已经不在了、时间地点对不上、证件过期")),
    ),
    EffectKind(
        "release-match",
        "取消撮合",
        "Call a match off",
        "取消本办件的需求或供给，或者只取消配上的（需求再等别人）。对方会收到通知。",
        "Calls off the need or supply of this case, or only what was matched (the need is open again). The other "
        "side is "
        "told.",
        headers=(
            Header(
                "what",
                "取消什么",
                "what is called off",
                choices=(("all", "整条取消"), ("pair", "只取消配上的")),
                default="all",
            ),
        ),
        arguments=(
            Argument("number", "编号", "of the need or supply; all of this case without it", kind="text"),
            _REASON,
        ),
    ),
    EffectKind(
        "match-arrived",
        "说到了",
        "Say that they arrived",
        "该到了没有人说到了、因此开出的办件：找到了人，替双方说“到了”，先前惊动的人都收到通知。已经说过的不变。",
        "Of a case that was opened because nobody said that they arrived: they were found, and it is said for both; "
        "whoever was alarmed is told. What was said already stays.",
    ),
    # ------------------------------------------------------------ handovers 交接
    EffectKind(
        "hand-over",
        "交接",
        "Hand over",
        "开下一环交接：东西从一方交到另一方，等双方都确认。不收走 REFUSED 出口，收下但有出入走 DIFFERENT 出口。",
        "Opens the next link of a hand-over and waits until both ends have signed. Refused: the error REFUSED; taken "
        "though different: the error DIFFERENT.",
        headers=(
            Header("handover", "交接", "its name among handovers of matter.yaml", required=True),
            Header("link", "哪一环", "which link, as written there: giver -> receiver; the next without it"),
        ),
        arguments=(
            Argument("thing", "具体是什么", "what exactly; else as handovers says"),
            Argument("item", "哪一件", "which of several things of a case", kind="text"),
        ),
        results=(
            Argument(
                "handover",
                "交接结果",
                "state, link, giver, receiver, at, note",
                kind="context",
                has=("state", "link", "giver", "receiver", "at", "note"),
            ),
        ),
        awaited=True,
        errors=(("REFUSED", "不收"), ("DIFFERENT", "收下但有出入")),
    ),
    # ------------------------------------------------------------ boards 公开栏
    EffectKind(
        "publish-notice",
        "公开",
        "Publish on a board",
        "在公开栏发布。只能有 boards 里写明可以公开的内容，个人电话、证件号一律不收，人名只显示一部分。要审核的，等审核"
        "通过才往下走；不通过是错误 NOT_PUBLISHED。到期自动撤下。",
        "Publishes an entry on a board of matter.yaml. Only what the board may show; telephones and identity numbers "
        "are refused, names are masked. Where the board is reviewed the task waits; a refusal is the error "
        "NOT_PUBLISHED. It comes down by itself when its time is over.",
        headers=(
            Header("board", "公开栏", "the board's name in matter.yaml", required=True),
            Header("days", "公开天数", "calendar days it stays up, when not as the board says"),
        ),
        arguments=(
            Argument("facts", "公开内容", "what is published: the names of shows and hides", kind="context"),
            Argument("until", "公开到", "last day, when not as the board says", kind="date"),
            Argument("place", "哪里的公开栏", "code of a unit, when not where the case belongs", kind="text"),
        ),
        results=(
            Argument("entry", "编号", "the entry's number", kind="text"),
            Argument("published_on", "公开日", "the day it went up", kind="date"),
            Argument("published_until", "公开到", "the last day it stays up", kind="date"),
            Argument("refused_because", "没有通过的理由", "why the reviewer refused, with the error", kind="text"),
        ),
        awaited=True,
        at_once=True,
        errors=(("NOT_PUBLISHED", "审核没有通过"),),
    ),
    EffectKind(
        "change-notice",
        "改公开内容",
        "Change what is published",
        "改已经公开的内容（如改期）：编号不变，日历里的也跟着改，关注的人都会收到通知。只写要改的。",
        "Changes an entry that is up, such as its day: the number stays, calendars that hold it follow, and everybody "
        "who asked is told. Give only what changes.",
        headers=(Header("board", "公开栏", "the board's name in matter.yaml", required=True),),
        arguments=(
            Argument("facts", "改成什么", "what changes: names of shows and hides", kind="context"),
            Argument("entry", "编号", "which entry; without it the case's newest on that board", kind="text"),
            Argument("until", "公开到", "last day, when not as the board says", kind="date"),
            Argument("reason", "为什么改", "said to those who are told", kind="text"),
        ),
    ),
    EffectKind(
        "withdraw-notice",
        "撤下公开内容",
        "Take down what is published",
        "撤下公开栏上的内容，写明理由；关注的人都会收到通知。",
        "Takes an entry down, with a reason; everybody who asked is told.",
        headers=(Header("board", "公开栏", "the board's name in matter.yaml", required=True),),
        arguments=(
            Argument("entry", "编号", "which entry; without it all of the case on that board", kind="text"),
            Argument("reason", "为什么撤下", "said to those who are told", kind="text"),
        ),
    ),
    # ------------------------------------------------------------ queues 取号
    EffectKind(
        "take-ticket",
        "取号",
        "Take a number",
        "替申请人在大厅的队里取一个号，立即得到号码；已经有号的得到原来的号。办完以后号上的个人信息当夜删去。",
        "Takes a number in a line of the hall for the applicant, at once; who has one already gets that one. What the "
        "number says of a person is gone in the night.",
        headers=(Header("queue", "队", "a line that the matter declares or uses (queues)", required=True),),
        arguments=(
            Argument("matter", "办什么事", "the matter it is for", kind="text"),
            Argument("needs", "情形", "what was said of them: needs of the line", kind="list"),
            Argument("note", "给窗口的话", "a word for the window", kind="text"),
        ),
        results=(
            Argument(
                "ticket",
                "号",
                "number, class, hall, line, before (how many)",
                kind="context",
                has=("number", "class", "hall", "line", "before"),
            ),
        ),
        awaited=True,
        at_once=True,
        errors=(("NO_TICKET", "取不到号"),),
    ),
    # ------------------------------------------------------------ schedules 定期
    EffectKind(
        "sum-up",
        "汇总",
        "Sum up",
        "把一段时间里的台账（register）、办件（cases）或预订（offer）数一数、加一加，当场得到结果：总数 total，以及按 "
        "by 分的各组 groups。台账有 value 时还有合计、最小、最大，都是精确的小数。办件的各组有收件、办结、按时办结。"
        "预订的各组有来了、没有来、退了各几次，价钱的合计和各份；按人分的各组还有 person。不满 least "
        "的组，few 为真，不该拿来排名次。工单（orders）数 from 那个月到期的，和各镇各村那一页一样：各项件数、各项比率"
        "（rates，写成文字：94.4%、样本不足、—）、名次，还有督办清单 pressed。",
        "Counts and adds up the entries of a register, the cases or the bookings of a time, and is answered at once: "
        "total, and groups by `by`. Groups of bookings have how many came, missed and gave back, the price and its "
        "parts; by person also who it is. With `value` also sum, min and max of a field of the register, "
        "exact decimals. Groups of cases "
        "count received, finished and finished in time. A group smaller than `least` says few: true: no rank for it. "
        "Of orders those due in the month of `from`, as the page of places counts them: counts, rates in words, rank, "
        "and pressed, the list of what is pressed for.",
        headers=(
            Header("register", "台账", "the register's name; or cases, or offer"),
            Header("offer", "预订", "bookings of this offer of the matter instead; all: of every one"),
            Header(
                "cases",
                "办件",
                "cases instead of a register: all, or of this matter only",
                choices=(("all", "全部事项"), ("own", "本事项")),
            ),
            Header("orders", "工单", "dispatched orders of a month instead", choices=(("all", "全部"),)),
            Header("value", "加哪一项", "the number field that is summed"),
            Header(
                "by",
                "按什么分组",
                "a field, or town, village, unit, state, month; of cases also matter; of bookings offer, person, day, "
                "chosen (what was chosen with it), round (by which round it is brought to the door; `carriers` says "
                "how many bring it)",
            ),
            Header("least", "至少几件才比", "a group of fewer says few: true", default="5"),
            Header(
                "only",
                "哪些",
                "which entries",
                choices=(("valid", "有效的（没结束、没过期）"), ("all", "全部")),
                default="all",
            ),
        ),
        arguments=(
            Argument("from", "从哪天", "the first day", kind="date"),
            Argument("until", "到哪天", "the last day", kind="date"),
            Argument("where", "条件", "searched field → value, or a list of values", kind="context"),
            Argument(
                "state", "状态", "a state, or a list; of bookings what is summed: came, missed, booked", kind="any"
            ),
            Argument("place", "地方", "code of a unit: only of it and below", kind="text"),
            Argument("who", "谁的预订", "the key of a group by person: only theirs", kind="text"),
            Argument("chosen", "选了哪样", "only bookings that chose this, or one of these", kind="any"),
        ),
        results=(
            Argument(
                "total",
                "总数",
                "count, sum, min, max; of cases count, finished, in_time; of bookings count, sum, parts, came, missed, "
                "cancelled, delivered (of those that came, at their door)",
                kind="context",
                has=_SUMS,
            ),
            Argument(
                "groups",
                "各组",
                "key, name and the same of each group, the largest first; of bookings by person also person",
                kind="list",
                has=("key", "name", "person.*", "carriers", *_SUMS),
            ),
            Argument("more", "还有更多组", "whether there are more than 500 groups", kind="boolean"),
            Argument(
                "pressed",
                "督办",
                "of orders: number, name of the unit and why, 200 at most, none of a restricted case",
                kind="list",
                has=("number", "name", "why"),
            ),
            Argument("pressing", "督办几件", "of orders: how many are pressed for in the whole county", kind="number"),
        ),
        awaited=True,
        at_once=True,
        errors=(("TOO_MANY", "太多，汇总不了"),),
    ),
    EffectKind(
        "set-order-aside",
        "工单不计入",
        "Set an order aside",
        "这张工单从此不计入任何比率（如率申诉成立）。为什么，看让它不计入的这个件。没有这张工单，或者它不在 month "
        "那个月到期，抛出 NO_ORDER。",
        "From now on this order counts in no rate, as when an appeal is upheld; why stands in this case. No such "
        "order, or none due in the month of `month`: NO_ORDER.",
        arguments=(
            Argument("order", "工单编号", "the number of the order's case", required=True, kind="text"),
            Argument("month", "哪个月", "a day of the month in which it is due", required=True, kind="date"),
        ),
        results=(Argument("aside", "不计入的工单", "name of its unit", kind="context", has=("number", "name")),),
        awaited=True,
        at_once=True,
        errors=(("NO_ORDER", "那个月没有这张工单"),),
    ),
    EffectKind(
        "for-each",
        "逐条办理",
        "For each",
        "对台账的每一条（register）或一列内容的每一项（items）各做一件事：开一个办件（matter，或本事项的流程 "
        "process），"
        "或记一条台账（record）。每条单独提交，断电也不会重做或漏做；失败的列出来单独再办，都办完才往下走。each 是一个 "
        "FEEL 上下文，可用 item（这一条）、n（第几条）、amount（分到的金额）和 variables 里的内容："
        "给新办件的答案，或要记"
        "的内容。写了 share 就把 total 按这一项的份额分，分毛都对得上。",
        "Does one thing for each entry of a register, or each of `items`: opens a case (matter, or a process of this "
        "one), or records an entry (record). One commit each, done exactly once whoever dies; what failed is "
        "listed and "
        "tried again alone, and the process waits until all are done. `each` is a FEEL context over item, n, "
        "amount and "
        "what variables holds: the answers of the new case, or the facts recorded. With `share` the total is "
        "divided by "
        "that field, to the cent.",
        headers=(
            Header("register", "台账", "the register whose entries are taken; else the argument items"),
            Header("matter", "开哪个事项", "the matter of the cases that are opened; this one without it"),
            Header("process", "开哪个流程", "the process of this matter that each begins"),
            Header("record", "记入哪个台账", "instead of a case: the register in which a line is recorded for each"),
            Header("each", "给什么", "FEEL over item, n, amount: the answers of the case, or the facts"),
            Header("title", "叫什么", "FEEL over the same: what each case is called in lists; its matter without it"),
            Header("share", "按哪项份额分", "the field of the record by which total is divided"),
            Header("digits", "小数位数", "decimal places of the amounts", default="2"),
            Header(
                "until",
                "等到什么时候",
                "a case counts as done when it has ended, or when it was opened",
                choices=(("ended", "办结"), ("opened", "开出")),
                default="ended",
            ),
            Header(
                "only",
                "哪些",
                "which entries",
                choices=(("valid", "有效的（没结束、没过期）"), ("all", "全部")),
                default="valid",
            ),
        ),
        arguments=(
            Argument("items", "各项", "what is gone through, when no register is", kind="list"),
            Argument("where", "条件", "searched field → value, or a list of values", kind="context"),
            Argument("state", "状态", "a state, or a list of states", kind="any"),
            Argument("place", "地方", "code of a unit: only of it and below", kind="text"),
            Argument("total", "要分的总数", "what is divided by share", kind="number"),
            Argument("variables", "共同的内容", "names that each may read", kind="context"),
        ),
        results=(
            Argument("counts", "办了多少", "total, done, left_out", kind="context", has=("total", "done", "left_out")),
        ),
        awaited=True,
        at_once=True,
    ),
    # ------------------------------------------------------------ ballots 表决
    EffectKind(
        "open-ballot",
        "开启表决",
        "Open a ballot",
        "按 matter.yaml 的 ballots 公告一次表决：名册从此不变，到时间开始投，到截止时间（或人人都投过）由系统计票，"
        "结果按村给出。公告期比法律短的退回填写。",
        "Announces a vote as `ballots` of matter.yaml declares it: the roll stands from here, the "
        "vote opens and closes "
        "by time (earlier only when everybody has voted), the hall counts, and the result comes body by body. A notice "
        "shorter than the law's is refused at the field opens_at.",
        headers=(
            Header("ballot", "表决", "the ballot's name in matter.yaml", required=True),
            Header("answers", "时间填在哪项答案", "the answer that holds opens_at and closes_at: refusals stand there"),
        ),
        arguments=(
            Argument("question", "表决什么", "the question, in a sentence", required=True, kind="text"),
            Argument("text", "议案全文", "the whole proposal", kind="text"),
            Argument("options", "选项", "what is chosen from; yes, no, abstain without it", kind="list"),
            Argument("bodies", "分别投票的村", "villages that vote apart, by name or code", kind="list"),
            Argument("roll", "名册", "each: name, phone, id_number, household, body, weight", kind="list"),
            Argument("opens_at", "开始时间", "when the vote opens", required=True, kind="date-time"),
            Argument("closes_at", "截止时间", "when it closes", required=True, kind="date-time"),
        ),
        results=(
            Argument(
                "ballot",
                "表决结果",
                "passed, outcome (passed, failed, no-quorum), and bodies: roll, present, yes, no, abstain, needed, "
                "passed, why",
                kind="context",
                has=("code", "question", "secret", "passed", "outcome", *(f"bodies[].{one}" for one in _BODY)),
            ),
        ),
        awaited=True,
        by_time=True,
    ),
    EffectKind(
        "close-ballot",
        "撤回表决",
        "Call a ballot off",
        "撤回还没有结束的表决：不计票，已投的票销毁。已经结束的不动。",
        "Calls off a vote that has not ended: nothing is counted, what was voted is destroyed. One "
        "that has ended stays.",
        headers=(Header("ballot", "表决", "the ballot's name in matter.yaml", required=True),),
        arguments=(_REASON,),
    ),
)

assert len({effect.type for effect in _ALL}) == len(_ALL), "an effect stands in the list twice"

#: type -> entry
TYPES: Mapping[str, EffectKind] = MappingProxyType({effect.type: effect for effect in _ALL})


def find(type: str) -> EffectKind | None:
    """The entry of a type, or None when the list has none."""
    return TYPES.get(type)
