"""What the gate finds beyond the lint of diagrams (engine.process.language.dialect.RULES): rule -> Chinese, English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

RULES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # files
        "yaml": ("YAML 的写法有误", "broken YAML"),
        "duplicate-key": ("同一个键写了两次", "a key written twice"),
        "too-large": ("文件太大", "a file too large"),
        "unreadable": ("文件读不了", "a file that cannot be read"),
        "shared": ("共用文件读不了", "a shared file that cannot be read"),
        "no-matter": ("文件夹里没有 matter.yaml", "a folder without matter.yaml"),
        "no-diagram": ("没有流程图", "no diagram"),
        "wrong-folder": ("文件放错了文件夹", "a file in the wrong folder"),
        "file-unknown": ("没有人读这个名称的文件", "a file under a name nobody reads"),
        "check-failed": ("检查程序自身出错", "the check itself failed"),
        # matter.yaml, people
        "matter": ("matter.yaml 的键或值不对", "a wrong key or value in matter.yaml"),
        "post": ("县里没有这个岗位", "a post the county has not"),
        "unit": ("县里没有这个单位", "a unit the county has not"),
        "unit-without-seal": ("署名的单位没有印章", "a unit that signs and has no seal"),
        "user": ("办理人不认识", "a user nobody knows"),
        "role-missing": ("候选组不存在", "a candidate group that does not exist"),
        "group-unused": ("候选组没有人用", "a group nothing uses"),
        "organ-unused": ("署名机关没有人用", "an organ nothing names"),
        "retention": ("保存期限的依据不对，或与同意书、诉讼期限矛盾", "how long data are kept contradicts its matter"),
        "role-unknown": ("没有声明这个角色", "a role that is not declared"),
        "tell-for-nobody": ("没有人能说这句话", "a tell that nobody may say"),
        "tell-name": ("tells 里的名称不存在", "a name in tells that does not exist"),
        "meeting-missing": ("没有声明会面", "a meeting that is not declared"),
        "nobody-holds": ("岗位没有人担任", "a post nobody holds"),
        "no-county": ("没有给出县的清单", "no county was given"),
        "county": ("县的清单写法不对", "a county's file that cannot be read"),
        "step-unknown": ("没有这个用户任务或定时事件", "no such user task or timer"),
        # nouns
        "uses": ("uses 里的共用文件不存在", "a shared file in uses that does not exist"),
        "noun-twice": ("同一个名称声明了两次", "a name declared twice"),
        # registers 台账
        "register-field": ("台账没有这一项，或少了必须的一项", "a field a register has not, or one it must have"),
        "register-source": ("台账的选项所来自的决策不对", "a decision that gives no options to a register"),
        "register-reach": (
            "量路程的台账，设施的台账或它的项不对",
            "the facilities of a register of ways are not there",
        ),
        "register-nobody": ("台账没有人看，或没有人可告诉", "a register nobody reads, or nobody to tell"),
        # bonds 关系
        "look-up-anybody": ("查台账没有写查谁", "a look-up that does not say whom"),
        "bond-name": ("关系的名称是大厅自带的", "a bond with the name of one the hall has"),
        "bond-unknown": ("流程图用到的关系没有声明", "a bond that a diagram makes or ends and nothing declares"),
        "bond-way": ("这种关系不由办件建立", "a bond that cases do not make"),
        "bond-until": ("关系的最后一天读不到答案", "a bond's last day that reads no answer"),
        # offers 供给与预订
        "offer-unit": ("没有这样的单位可以开放", "no unit that has the offer"),
        "offer-name": ("供给里的表单、决策、消息或事项不存在", "a form, decision, message or matter that is not there"),
        "offer-price": ("价钱的决策缺少输入", "an input of the price's decision that nothing gives"),
        "offer-feel": ("供给的表达式读了没有的名称", "an expression of an offer reads what there is not"),
        "offer-missing": ("要开放的供给没有声明", "an offer that is opened and not declared"),
        # matches 撮合
        "match-name": ("撮合里的表单或答案不存在", "a form or an answer of a match that is not there"),
        "match-feel": ("撮合的表达式读了没有的名称", "an expression of a match reads what there is not"),
        "match-fee": ("撮合不收费，表单却问了钱", "a form asks for money where nothing may be charged"),
        "match-unknown": (
            "任务要的撮合没有声明，或者没有写到哪里",
            "a task puts something among a match that is not declared",
        ),
        "match-personal": ("没有同意就要给人看的个人信息", "what one side shows before both agreed is personal"),
        # handovers 交接
        "handover-name": ("交接里的名称不存在", "a name in a hand-over that does not exist"),
        "handover-chain": ("交出的人手里没有这件东西", "a link given by whom nothing was brought to"),
        "handover-uncaught": ("不收或有出入时没有出口", "a refusal or difference without a way out"),
        "handover-unused": ("声明的交接没有一步用到", "a hand-over no step opens"),
        # boards 公开栏
        "board-unknown": ("没有这个公开栏", "no such board"),
        "board-fact": ("发布的内容不在公开栏的清单里，或缺一项", "a fact the board does not know, or lacks"),
        "board-personal": ("要公开的是个人的电话、证件号", "a telephone or identity number of a person made public"),
        "board-until": ("公开到哪天的表达式不对", "an end of publication that cannot be computed"),
        "board-refusal": ("审核不通过以后怎么办没有画", "nothing drawn for what a reviewer refuses"),
        "board-message": ("异议送出的消息没有人听", "objections that nobody hears"),
        "notice-register": (
            "通知发给谁：台账或同意接收的一项不对",
            "a notice to no register, or without consent",
        ),
        "board-unused": ("公开栏没有人发布", "a board on which nothing is published"),
        # loans 借还
        "loan-register": ("借还的台账、它的一项不对", "a register or field to lend from that is not there"),
        "loan-state": ("台账没有借还要用的状态", "a state of a copy that the register has not"),
        "loan-missed": ("没有还的要开的事项不存在", "no such matter for what was not brought back"),
        "loan-card": ("借阅卡的台账或卡号不对", "a reader's card that no register finds"),
        "loan-feel": ("借还的表达式不对", "an expression of loans that cannot be computed"),
        "loan-name": ("任务要的借还没有声明", "a task names loans that are not declared"),
        "loan-end": ("借阅怎样了结写得不对", "no such way to end a loan"),
        # queues 取号
        "queue-hall": ("队所在的大厅不在县的清单里", "a line in a hall that the county does not have"),
        "queue-window": (
            "叫号的单位不存在，或在这个大厅没有窗口",
            "a line called by a unit without a window in the hall",
        ),
        "queue-matter": ("取号的事项不存在，或不能在窗口办", "a number for a matter that no counter takes in"),
        "queue-decision": ("定类的决策表不存在，或给出没有的类", "a decision about classes that is not there"),
        "queue-example": ("举例说的下一个和声明的次序不一样", "an example that the declared order does not follow"),
        "queue-unknown": ("没有声明这个队", "no such line is declared"),
        # schedules 定期
        "schedule-shared": ("定期写在共用文件里", "a schedule in a shared file"),
        "schedule-starts": ("定期要开始的流程不存在，或不能这样开始", "a schedule that starts what cannot begin"),
        "schedule-when": ("定期或定时启动事件说不出什么时候", "nobody can tell when it begins"),
        "schedule-twice": ("多久一次说了两次", "how often, said twice"),
        "schedule-for-nobody": ("县里没有这种单位", "for a kind of unit the county has none of"),
        "sum-up": ("汇总的台账、字段或分组不对", "a sum over a register, field or group that does not exist"),
        "for-each": ("逐条办理的来源、去处或内容不对", "a for-each over, into or with what does not exist"),
        "schedule-answer": ("定期填的字段、读的名称不对", "what a schedule fills or reads does not exist"),
        # ballots 表决
        "ballot-unknown": ("没有声明这个表决", "a ballot that is not declared"),
        "ballot-unused": ("表决没有任务开启", "a ballot no task opens"),
        "ballot-roll": ("表决的名册不对", "a roll that cannot be drawn up"),
        # who takes part
        "taking-part": ("角色、答案、消息或步骤不存在", "a role, answer, message or step that does not exist"),
        "in-person-nothing": ("当面办理，却没有本人的步骤", "in person, but no step is theirs"),
        # notices
        "placeholder": ("通知里的名称没有人填", "a name in a notice nobody fills"),
        "notice-missing": ("通知没有内容", "a notice without text"),
        "notice-unused": ("通知没有人发", "a notice nobody sends"),
        "languages-differ": ("中英文内容不一样", "the two languages differ"),
        # papers
        "paper-unknown": ("没有这种文书", "a kind of paper that does not exist"),
        "paper-missing": ("文书没有列在 papers 里", "a paper that papers does not list"),
        "paper-unused": ("列了文书，但没有签发", "a paper listed and never issued"),
        "paper-not-listed": ("有文书文件，但没有列", "a paper file that papers does not list"),
        "paper-facts": (
            "文书缺少必须的内容，或内容项写法不对",
            "a paper without a fact it needs, or a fact written wrongly",
        ),
        "paper-fact-unknown": ("给文书的内容它不认识", "a fact the paper does not know"),
        "paper-head": ("文书开头的说明不对", "a wrong head of a paper"),
        "paper-template": ("文书模板的写法有误", "a broken template of a paper"),
        "paper-name": ("文书模板读了没有声明的名称", "a name in a paper nobody declared"),
        "paper-typed-by-name": ("内容因名称被当作日期", "a fact typed as a date by its name alone"),
        "facts": ("facts.yaml 的键或值不对", "a wrong key or value in facts.yaml"),
        # forms
        "no-form": ("没有申请表单", "no application form"),
        "no-field": ("表单和办件里都没有这个内容", "a field neither form nor case has"),
        "form-missing": ("表单不存在", "a form that does not exist"),
        "form-unused": ("表单没有任务打开", "a form no task opens"),
        "form-id": ("表单的 id 没有人用", "an id of a form nobody names"),
        "reads-hidden": ("读了步骤隐藏的内容", "a text that reads what its step hides"),
        "newer-than": ("文件要比它新的那个时刻不对", "a moment that files cannot be newer than"),
        "offers": ("大厅没有这种选项", "options the hall has not"),
        "property-unknown": ("属性没有人读", "a property nothing reads"),
        "property": ("属性的值不认识", "a value of a property nobody knows"),
        # steps
        "before-date": ("倒数的时限没有日期可数，或条件读不到", "a limit that counts backward from no date"),
        "effect-unknown": ("效果不在清单里", "an effect not in the list"),
        "effect-without-handler": ("效果没有人做", "an effect nobody carries out"),
        "header-unknown": ("效果不读这个参数", "a header the effect does not read"),
        "clock-law": ("这种时限制度不能这样停、延", "a pause or an extension that the law of the limits does not know"),
        "header-value": ("参数的值不对", "a wrong value of a header"),
        "argument-unknown": ("效果不读这个输入", "an input the effect does not read"),
        "decision-missing": ("决策不存在", "a decision that does not exist"),
        "decision-input": ("决策的输入不对", "inputs that do not fit the decision"),
        "unset-variable": ("读取了没人设置的变量", "a variable nobody sets"),
        "variable-unread": ("算出的变量没有人读", "a variable nobody reads"),
        "hidden-variable": ("上面一行的输入盖住了要读的变量", "an input above hides the variable that is read"),
        "date-as-text": (
            "把变量里的日期（文字）当作日期算",
            "a date that is a text, reckoned with as a date",
        ),
        "wait-without-end": ("等候没有到时的出口", "a wait without an exit by time"),
        "twin-names": ("同一个名称写成两样", "one name written in two ways"),
        "shape-of-nothing": ("图形不属于任何要素", "a shape of nothing"),
        "dmn-unknown-type": ("决策的类型不存在", "a type of a decision that does not exist"),
        # stories, English
        "clauses": ("clauses.yaml 的键、故事或要素不对", "a wrong key, story or element in clauses.yaml"),
        "stories": ("stories.yaml 的键或值不对", "a wrong key or value in stories.yaml"),
        "story-name": ("故事里的名称不存在", "a name in a story that does not exist"),
        "story-field": ("故事里的内容没有字段或变量", "an answer without its field"),
        "english": ("en.yaml 的写法不对", "a wrong line of en.yaml"),
        "english-unused": ("en.yaml 的一行没有用", "a line of en.yaml of no use"),
        "no-english": ("没有英文", "no English"),
    }
)
