"""How a diagram runs, where BPMN 2.0 leaves a choice or is easily misread: the guide prints these tables.

Each row is (what, Chinese, English, clause of ISO/IEC 19510 = BPMN 2.0.1, or "dialect").
"""

from __future__ import annotations

RULES: tuple[tuple[str, str, str, str], ...] = (
    (
        "顺序 order",
        "一步之内，可走的环节先到先走；抛信号的事件等别的都停下再抛，先等的人都听得到。同样的输入总得同样的结果。",
        "Within a step, what is ready first moves first; an event that throws a signal waits until all else "
        "has stopped, "
        "so everyone who is to listen listens. The same input always gives the same result.",
        "13.1",
    ),
    (
        "汇合 join",
        (
            "并行网关等每条入线各来一份；包容网关等到不会再有人来；复杂网关等到激活条件为真(可用 activationCount),"
            "之后迟到的被吞掉。"
        ),
        "A parallel join waits for one token on every flow; an inclusive join until none can come any more; a "
        "complex one "
        "for its activation condition (activationCount may be used), and swallows the late ones.",
        "13.4",
    ),
    (
        "排他汇合 merge",
        "排他网关和普通环节不等人：来几份走几次。",
        "An exclusive gateway and a plain activity wait for nobody: each token that comes runs on.",
        "13.4.2",
    ),
    (
        "多实例 multi-instance",
        "completionCondition 可用 numberOfInstances、numberOfActiveInstances、numberOfCompletedInstances、"
        "numberOfTerminatedInstances 和输出集合；为真时其余实例取消。",
        "completionCondition sees numberOfInstances, numberOfActiveInstances, numberOfCompletedInstances, "
        "numberOfTerminatedInstances and the output collection; when true, the remaining instances are cancelled.",
        "10.3",
    ),
    (
        "behavior",
        (
            "None、One 抛出的隐式事件由本活动的边界事件接住，不中断其余实例;Complex 的条件为真时抛出事件、"
            "取消其余实例并往下走。"
        ),
        "The implicit event of None and One is caught by a boundary event of the activity and does not end the other "
        "instances; when a condition of Complex holds, its event is thrown, the rest is cancelled and a token goes on.",
        "10.3",
    ),
    (
        "错误 errors",
        "先找写了同一代码的，再找什么都接的；先里后外，一直到调用它的流程。没人接就是故障，办件停在原处。",
        "An error looks for its own code first, then for one that catches all; from the inside outwards, up to "
        "the calling "
        "process. Nobody there: an incident, and the case stays where it is.",
        "10.5",
    ),
    (
        "升级 escalation",
        "没人接住的升级不是故障。",
        "An escalation nobody catches is no failure.",
        "10.5",
    ),
    (
        "条件 conditions",
        "条件事件在开始等待时问一次，以后变量每变一次再问；不中断的每次由假变真都会发生。",
        "A conditional event asks when it begins to wait and whenever a variable changes; one that does not interrupt "
        "happens each time it becomes true.",
        "10.5",
    ),
    (
        "补偿 compensation",
        "后做的先补偿，一个做完再做下一个；不点名就补偿本层全部；事件子流程里抛出的补偿外面那一层。",
        "The last done is undone first, one after the other; without a name everything of the scope; thrown in "
        "an event "
        "sub-process it undoes the scope around it.",
        "13.5.5",
    ),
    (
        "终止 terminate",
        "只结束所在的流程或子流程这一层；子流程外面照常往下走。",
        "Ends the process or sub-process it stands in; what lies around a sub-process goes on.",
        "13.5.6",
    ),
    (
        "消息 messages",
        "抛出的消息按名字和关联键送给等得最久的一个办件；没人等就启动以它开始的事项，再没有就留着，最多三十天。"
        "信号送给这一刻在等的所有办件，并启动以它开始的事项。带过去的只有输入映射写明的变量。",
        "A message thrown goes by name and correlation key to the case that waits longest; else it starts the "
        "matter that "
        "begins with it; else it is kept, 30 days at most. A signal goes to all cases that wait at that moment "
        "and starts "
        "the matters that begin with it. Only what the input mappings name travels along.",
        "8.4",
    ),
    (
        "定时 timers",
        "周期按计划算下一次，不按醒来的时刻；晚醒几次就补几次。重复触发同一次不起作用。",
        "The next turn of a cycle comes from its schedule, not from when somebody woke up: what was missed is "
        "made up for. "
        "Firing the same turn twice changes nothing.",
        "10.5",
    ),
    (
        "变量 variables",
        "写到最近的有这个名字的一层，否则写到流程；输入映射的变量只在活动里面。被调用的流程有自己的变量。",
        "Written to the nearest scope that has the name, else to the process; input mappings live inside their "
        "activity. A "
        "called process has variables of its own.",
        "dialect",
    ),
    (
        "临时子流程 ad-hoc",
        "并行时一起打开，顺序时一个接一个；每做完一个问一次完成条件，没有条件就都做完。",
        "Opened together, or one after the other when sequential; the completion condition is asked after each,"
        " without one "
        "all are done.",
        "13.3.5",
    ),
    (
        "退回 return",
        "本分支内只退本分支；退到分叉之前，各分支一起重来；退进已汇合的分支，从分叉重来；别的并行分支不能退；"
        "会签整体取消；"
        "事件子流程里不能退出去。边界定时重新计时，已填的数据保留。",
        "Within a branch only that branch; before the fork all branches run again; into a branch already "
        "joined, again from "
        "the fork; never into another live branch; a multi-instance ends as a whole; not out of an event sub-process. "
        "Boundary timers start anew, data is kept.",
        "dialect",
    ),
    (
        "撤回、跳转 recall, jump",
        (
            "刚办完的任务在后面没人办之前可以重开，汇合处的其他份放回原处；跳转结束离开的分支，"
            "会让汇合空等的地方不能跳入。"
        ),
        "A task just done opens again while nobody did the next, and a join gets its other tokens back; a jump "
        "ends the "
        "branches it leaves, and none leads where a join would wait in vain.",
        "dialect",
    ),
    (
        "多个开始 starts",
        "几个无触发的开始事件一起开始；没有开始事件时，从没有入线的环节开始。",
        "Several plain start events all begin; without any, whatever no flow leads to begins.",
        "10.5, 13.2",
    ),
)

#: Processes of the public betsy suite whose expected trace is not given, and why.
EXCEPTIONS: tuple[tuple[str, str, str], ...] = (
    (
        "AdHocSubProcess_Sequential",
        (
            "期望 task1、task2、task3,但图中没有记录 task3 的环节(后面的脚本任务记录的也是 task1);按图只能得到 "
            "task1、task2、task1。"
        ),
        "task1, task2, task3 are expected, but nothing in the drawing records task3 (the script task behind the "
        "sub-process records task1 again): by the drawing it is task1, task2, task1 (13.3.5, sequential ordering).",
    ),
    (
        "ParallelGateway_TrueParallelism",
        (
            "要求同一实例用两个线程。BPMN 2.0 13.4.1 只要求各分支并行而不规定线程；一步之内我们按固定顺序走，"
            "结果才可重演。"
        ),
        "Asks for two threads in one instance. 13.4.1 asks for concurrent branches, not for threads; within a "
        "step ours move "
        "in a fixed order, which makes every step repeatable.",
    ),
)
