"""Who may do what at which address: written down by hand, from RULES and the posts' work, not from the code's guards.

A line for every route of the hall: which door it has, and about which thing it is. `MAY` says, thing by thing and state
by state, which role gets through. A route without a line fails the walk; so does a line without a route.

Roles and how they stand to the case (全程代办 of 张三丰 in 苏洋村 of 龙门滩镇, decided by the 医保局, its first step
open):

    stranger            nobody signed in
    applicant           张三丰
    party               a resident whom the case names as its other party
    resident            another resident
    intake              an agent of 苏洋村: has the step that waits
    reviewer            a clerk of the 医保局, which decides
    office_head         heads the 医保局
    village_clerk       a clerk of 苏洋村 too, whose post has no step of the case: reads it because 张三丰 lives there,
                        and so not when it is restricted
    town_clerk          at a window of 龙门滩镇, above the village
    town_head           heads 龙门滩镇
    other_village       an agent of 霞碧村, below the same town
    other_office        a clerk of the 民政局
    county_head         heads the county
    stand_in            a clerk of the 民政局 who acts for the agent of 苏洋村, in another matter only
    stand_in_here       another clerk there, who acts for that agent in this matter
    former              held the agent's post at 苏洋村 until yesterday
    designer            of the county
    operator            the county's system administrator
    security            its security administrator
    auditor             its audit administrator
    kin_sees            a resident whom the applicant lets see (关系 家人)
    kin_acts            a resident whom the applicant lets see, apply and book
    guardian            a resident registered as the applicant's guardian
    kin_over            let them act until yesterday
    kin_ended           let them act until it was ended, this morning
    disabled            an agent of 苏洋村 whose account was closed
    agent_of            a clerk of the 民政局 whom the applicant gave a mandate in each case (ended with the case)
    agent_ended         had the mandate before, until it was revoked
"""

from __future__ import annotations

from dataclasses import dataclass

KIN = ("kin_sees", "kin_acts", "guardian")
RESIDENTS = ("applicant", "party", "resident", *KIN, "kin_over", "kin_ended")
CLERKS = (
    "intake",
    "reviewer",
    "village_clerk",
    "town_clerk",
    "other_village",
    "other_office",
    "stand_in",
    "stand_in_here",
    "former",
    "agent_of",
    "agent_ended",
)
HEADS = ("office_head", "town_head", "county_head")
ADMINISTRATORS = ("operator", "security", "auditor")
STAFF = (*CLERKS, *HEADS, "designer", *ADMINISTRATORS)
ROLES = ("stranger", *RESIDENTS, *STAFF, "disabled")
STATES = ("open", "restricted", "withdrawn", "ended")

#: Who gets through a door at all; what they may do behind it is said by the thing.
DOORS: dict[str, frozenset[str]] = {
    "anyone": frozenset(ROLES) - {"disabled"},
    "signed-in": frozenset((*RESIDENTS, *STAFF)),
    "resident": frozenset(RESIDENTS),
    "staff": frozenset(STAFF),
    "heads": frozenset(HEADS),
    "handles-cases": frozenset((*CLERKS, *HEADS)) - {"former"},
    "heads-administrators": frozenset((*HEADS, *ADMINISTRATORS)),
    "operator-security": frozenset({"operator", "security"}),
    "designer": frozenset({"designer"}),
    **{one: frozenset({one}) for one in ADMINISTRATORS},
}

_UNITS_ON_ITS_WAY = {"intake", "stand_in_here", "reviewer", "office_head"}
_RUNS = {*HEADS, "operator"}
_ABOVE = {"town_clerk", "town_head", "county_head"}
_BELOW = {"village_clerk", *_ABOVE}
#: A restricted case is opened by a bond to a guardian alone: "all my matters" was not said of those.
_ACT = {"applicant", "kin_acts", "guardian"}


def _states(**by_state: set[str]) -> dict[str, frozenset[str]]:
    return {state: frozenset(roles) for state, roles in by_state.items()}


def _always(*roles: str) -> dict[str, frozenset[str]]:
    """Of a thing that is no part of the case."""
    return dict.fromkeys(STATES, frozenset(roles))


#: Things that stand or fall with the case: walked in each of its states, even where the same people may.
OF_CASE = frozenset(
    {
        "case",
        "internal-paper",
        "void-paper",
        "material",
        "step",
        "step-of-theirs",
        "more-time",
        "its-way",
        "version",
        "paper-voided",
        "masked",
        "evidence",
        "own-case",
        "own-running-case",
    }
)

#: Whoever stands in for the agent of 苏洋村 in this matter reads what the agent reads of it, and does the agent's step;
#: a leave for one matter lends nothing that is no part of its cases.
_AGENT = {"intake", "stand_in_here"}

#: thing -> state -> who. "withdrawn": the applicant took the application back; "ended": every step was done.
MAY: dict[str, dict[str, frozenset[str]]] = {
    # reading the case and what hangs on it
    "case": _states(
        open={"applicant", "party", "agent_of", *KIN, *_UNITS_ON_ITS_WAY, *_BELOW},
        restricted={"applicant", "party", "agent_of", "guardian", *_UNITS_ON_ITS_WAY},
        withdrawn={"applicant", "party", *KIN, *_UNITS_ON_ITS_WAY, *_BELOW},
        ended={"applicant", "party", *KIN, *_UNITS_ON_ITS_WAY, *_BELOW},
    ),
    # a paper the applicant may have is the party's too; an internal one is for the hall's people who may see the case
    "internal-paper": _states(
        open={"agent_of", *_UNITS_ON_ITS_WAY, *_BELOW},
        restricted={"agent_of", *_UNITS_ON_ITS_WAY},
        withdrawn={*_UNITS_ON_ITS_WAY, *_BELOW},
        ended={*_UNITS_ON_ITS_WAY, *_BELOW},
    ),
    "void-paper": _states(open=set(), restricted=set(), withdrawn=set(), ended=set()),
    # what somebody handed in: theirs, and of those who see the case
    "material": _states(
        open={"applicant", "party", "agent_of", *KIN, *_UNITS_ON_ITS_WAY, *_BELOW},
        restricted={"applicant", "party", "agent_of", "guardian", *_UNITS_ON_ITS_WAY},
        withdrawn={"applicant", "party", *KIN, *_UNITS_ON_ITS_WAY, *_BELOW},
        ended={"applicant", "party", *KIN, *_UNITS_ON_ITS_WAY, *_BELOW},
    ),
    # the step that waits
    "step": _states(open=_AGENT, restricted=_AGENT, withdrawn=set(), ended=set()),
    # giving the step to somebody else, while nobody has claimed it: the heads of its unit who see the case
    "step-of-theirs": _states(open={"town_head", "county_head"}, restricted=set(), withdrawn=set(), ended=set()),
    # asking for more time: who has the step (here nobody), and the heads who see the case
    "more-time": _states(
        open={"office_head", "town_head", "county_head"},
        restricted={"office_head"},
        withdrawn={"office_head", "town_head", "county_head"},
        ended={"office_head", "town_head", "county_head"},
    ),
    # whether it goes on, and where: the heads of its office and above, not of where the person lives
    "its-way": _states(
        open={"office_head", "county_head"},
        restricted={"office_head"},
        withdrawn={"office_head", "county_head"},
        ended={"office_head", "county_head"},
    ),
    # to which version it goes: the same heads, and who runs the hall, who sees nothing of what it says
    "version": _states(
        open={"office_head", "county_head", "operator"},
        restricted={"office_head", "operator"},
        withdrawn={"office_head", "county_head", "operator"},
        ended={"office_head", "county_head", "operator"},
    ),
    # a paper that the 医保局 signed: its heads and those above, whoever else has the case
    "paper-voided": _states(
        open={"office_head", "county_head"},
        restricted={"office_head"},
        withdrawn={"office_head", "county_head"},
        ended={"office_head", "county_head"},
    ),
    # everything of the case with its proof: the heads who see it
    "evidence": _states(
        open={"office_head", "town_head", "county_head"},
        restricted={"office_head"},
        withdrawn={"office_head", "town_head", "county_head"},
        ended={"office_head", "town_head", "county_head"},
    ),
    # whole names and numbers
    "masked": _states(
        open={*_UNITS_ON_ITS_WAY, *_BELOW},
        restricted=_UNITS_ON_ITS_WAY - _AGENT,  # a step alone opens the case; its numbers stay masked
        withdrawn={*_UNITS_ON_ITS_WAY, *_BELOW},
        ended={*_UNITS_ON_ITS_WAY, *_BELOW},
    ),
    "own-case": _states(open=_ACT, restricted={"applicant", "guardian"}, withdrawn=_ACT, ended=_ACT),
    "own-running-case": _states(open=_ACT, restricted={"applicant", "guardian"}, withdrawn=set(), ended=set()),
    # a booking of the applicant's, at the 医保局
    "booking": _states(
        open={*_ACT, "reviewer", "office_head", "county_head"},
        restricted={*_ACT, "reviewer", "office_head", "county_head"},
        withdrawn={*_ACT, "reviewer", "office_head", "county_head"},
        ended={*_ACT, "reviewer", "office_head", "county_head"},
    ),
    "own-booking": _states(open=_ACT, restricted=_ACT, withdrawn=_ACT, ended=_ACT),
    "own-booking-seen": _states(
        open={*_ACT, "kin_sees"},
        restricted={*_ACT, "kin_sees"},
        withdrawn={*_ACT, "kin_sees"},
        ended={*_ACT, "kin_sees"},
    ),
    # the bond between the applicant and kin_acts, made at the town: its two sides, and who guards the applicant
    "bond": _states(open=_ACT, restricted=_ACT, withdrawn=_ACT, ended=_ACT),
    "bond-at-desk": _states(
        open={"intake", *_BELOW},
        restricted={"intake", *_BELOW},
        withdrawn={"intake", *_BELOW},
        ended={"intake", *_BELOW},
    ),
    # the county's calendar is its head's and its operators'
    "calendar": _states(
        open={"county_head", "operator"},
        restricted={"county_head", "operator"},
        withdrawn={"county_head", "operator"},
        ended={"county_head", "operator"},
    ),
    # what begins by itself is run by operators and seen by heads
    "schedules": _always(*_RUNS),
    "schedule": _always("county_head", "operator"),  # of the county
    # the register of volunteers is read by agents, windows and heads, written by windows, and only these and heads take
    # it out; the entry is of 苏洋村
    "register": _always("intake", "other_village", "town_clerk", *HEADS),
    "register-written": _always("town_clerk"),
    "register-taken-out": _always("town_clerk", *HEADS),
    "register-entry": _always("intake", *_ABOVE),
    "register-entry-written": _always("town_clerk"),
    # what 苏洋村 published, opened or holds: its people and those above
    "of-suyang": _always("intake", *_BELOW),
    "board-review": _always("town_head"),
    # a hall of the town, with a window of the 医保局
    "hall": _always("reviewer", "office_head", *_ABOVE),
    "window": _always("reviewer", "office_head", "county_head"),
    # any resident's account, masked
    "counter": _always(*(set(CLERKS) - {"former"}), *HEADS),
    # its two ends
    "handover": _always("applicant", "intake"),
    "held": _always("applicant"),  # of what happened to a thing, who has it tells
    # what somebody reads is theirs and the desk's, where the windows lend
    "own-loan": _always("applicant"),
    "loan-desk": _always("town_clerk"),
    # a ride is whose it is until both agreed; staff of where it begins see it, windows and agents enter for others
    "own-match": _always(*_ACT),
    "own-match-seen": _always(*_ACT, "kin_sees"),
    "match-ended": _always(*_ACT, "intake", *_BELOW),  # who runs the place may take it down
    "match-at-desk": _always("intake", *_BELOW),
    "match-desk": _always("intake", "other_village", "town_clerk"),
    # how an agent of 苏洋村 signs in is helped with by who heads them
    "clerk-of-suyang": _always("town_head", "county_head"),
    # on the roll; and the post before which people vote
    "voter": _always("applicant"),
    "teller": _always("intake"),
}


@dataclass(frozen=True)
class Rule:
    """One route's line.

    thing: a key of MAY; "" when the door is all there is; "absent" when the world of the walk has no such thing, so
    that only the door is walked (whoever gets in is told that it is not there).
    """

    door: str
    thing: str = ""


def _door(door: str, *endpoints: str, thing: str = "") -> dict[str, Rule]:
    return {endpoint: Rule(door, thing) for endpoint in endpoints}


#: (method, endpoint) is not needed: no endpoint of ours has two methods.
RULES: dict[str, Rule] = {
    # ---- for everybody
    **_door(
        "anyone",
        "api.find",
        "api.matter",
        "api.matters",
        "api.openapi",
        "api.places",
        "assets.static",
        "around.tiles",
        "booking.doors",
        "entry.ask_code",
        "entry.language",
        "entry.leave",
        "entry.letters",
        "entry.not_joined",
        "entry.resident",
        "entry.staff",
        "monitoring.healthz",
        "monitoring.metrics",  # the walk comes from the machine itself
        "monitoring.readyz",
        "papers.ask",
        "papers.typed",
        "resident.agent",
        "resident.guide",
        "resident.home",
        "resident.matters",
        "resident.report",
        "tracking.ask",
        "booking.calendar",
        "api.days",
        "api.times",
        "api.send_code",
    ),
    # what is asked with a word, a number, a code or a password: without the right one there is nothing
    **_door(
        "anyone",
        "api.answer",
        "api.sign_in",
        "api.track",
        "api.verify",
        "entry.check_code",
        "entry.check_password",
        "entry.check_proof",
        "entry.code",
        "entry.proof",
        "second.ask",
        "sso.back",
        "sso.begin",
        "second.check",
        "passkeys.options",
        "passkeys.enter",
        "logins.reset",
        "logins.set_password",
        "papers.compare",
        "papers.verify",
        "tracking.look_up",
        "tracking.remind",
        "tracking.seen",
        thing="absent",
    ),
    # ---- whoever is signed in
    **_door("signed-in", "api.sign_out", "api.upload", "resident.upload", "api.apply"),
    **_door("signed-in", "api.case", thing="case"),
    **_door("signed-in", "papers.pdf", "papers.file", "api.document", thing="internal-paper"),
    **_door("signed-in", "papers.spreadsheet", thing="absent"),  # that paper is none: tests/services reads one
    **_door("signed-in", "api.task", thing="case"),
    **_door("signed-in", "api.complete", "api.draft", thing="step"),
    **_door("signed-in", "api.check_in", thing="booking"),
    # ---- residents
    **_door(
        "resident",
        "api.my_bookings",
        "api.my_cases",
        "booking.mine",
        "resident.apply",
        "resident.check",
        "resident.keep_name",
        "messages.mine",
        "resident.mine",
        "resident.own_name",
        "resident.send",
        "booking.hold",
        "api.hold",
        "api.wait",
        "api.waiting",
        "booking.wait",
    ),
    **_door(
        "resident", "booking.stop_waiting", "booking.ask_review", "api.leave_waiting", thing="absent"
    ),  # nobody waits, nobody is shut out
    **_door(
        "resident",
        "api.cancel",
        "api.change",
        "api.confirm",
        "booking.cancel",
        "booking.change",
        "booking.confirm",
        thing="own-booking",
    ),
    **_door(
        "resident",
        "api.calendar",
        "booking.calendar_file",
        "booking.one",
        "booking.other_times",
        thing="own-booking-seen",
    ),
    **_door("resident", "resident.case", "resident.receipt", thing="case"),
    **_door("resident", "api.withdraw", "resident.withdraw", thing="own-case"),
    **_door("signed-in", "api.tells", "api.tell", thing="absent"),  # the case waits for nothing that one could say
    **_door("resident", "resident.rate", "resident.rated", thing="own-case"),
    **_door(
        "resident", "resident.task", "resident.complete", "resident.question", thing="absent"
    ),  # the step is not a resident's
    **_door("resident", "taking_part.say", "taking_part.tell", thing="absent"),
    # ---- the hall's people
    **_door(
        "staff",
        "account.end_program",
        "account.end_session",
        "account.remove_app",
        "account.remove_passkey",
        thing="absent",
    ),  # one's own alone
    **_door(
        "staff",
        "absences.mine",
        "account.app_for_codes",
        "account.begin_app",
        "account.change_password",
        "account.check_proof",
        "account.confirm_app",
        "account.end_others",
        "account.own",
        "account.new_codes",
        "account.password",
        "account.prove",
        "passkeys.add",
        "passkeys.new_options",
        "absences.take",
        "api.inbox",
        "booking.week",
        "booking.walk_in",
        "booking.preview_closing",
        "booking.close",
        "bulk.ask",
        "bulk.claim",
        "bulk.complete",
        "bulk.transfer",
        "calendar.year",
        "desk.find",
        "desk.inbox",
        "desk.listed",
        "desk.notices",
        "desk.take_in",
        "desk.taken_in",
        "desk.window",
        "services.carried",
    ),
    **_door("anyone", "around.near", thing="absent"),  # no matter here declares what is near
    **_door("staff", "absences.end", thing="absent"),
    **_door("staff", "booking.check_in", "booking.step", thing="booking"),
    **_door("staff", "booking.put_on_duty", "booking.off_duty", thing="absent"),  # nothing said, nobody on duty
    **_door("staff", "services.mandate", "services.sign_mandate", thing="absent"),  # tests/commands/test_mandate_signed
    **_door("staff", "together.ask"),
    **_door("staff", "together.together", thing="absent"),  # nothing chosen
    **_door("staff", "together.told", thing="masked"),  # who reads it to them sees it whole
    **_door("staff", "together.told_booking", thing="booking"),
    **_door("staff", "calendar.preview", "calendar.publish", thing="calendar"),
    **_door("staff", "desk.case", "desk.diagram", "desk.glance", "desk.ask", thing="case"),
    **_door("staff", "desk.reveal", thing="masked"),
    **_door("staff", "desk.evidence", thing="evidence"),
    **_door("staff", "api.claim", "desk.claim", thing="step"),
    **_door("staff", "desk.complete", "desk.draft", "desk.preview", thing="step"),
    **_door("staff", "desk.carry_out", thing="step-of-theirs"),
    **_door(
        "staff", "api.unclaim", "desk.unclaim", "desk.opinion", "desk.take_back", thing="absent"
    ),  # nobody has claimed it
    **_door("staff", "limits.ask", thing="more-time"),
    **_door("staff", "limits.asking", "limits.carry_out", "limits.change", thing="case"),
    **_door(
        "staff",
        "taking_part.staff_tell",
        "taking_part.tie",
        "taking_part.note",
        thing="absent",  # the case has nobody who takes part: tests/services walk these
    ),
    # ---- heads
    **_door(
        "heads",
        "absences.hand_over",
        "absences.handover",
        "limits.extensions",
        "logins.listed",
        "overview.behind",
        "overview.numbers",
        "overview.orders",
        "overview.places",
        "overview.pressed_orders",
        "overview.rated",
        "overview.reveals",
    ),
    **_door("heads", "mending.applicant", "mending.correct", "api.correct_applicant", thing="its-way"),
    **_door("staff", "moving.one", "moving.move", "moving.put_back", thing="version"),
    **_door("heads", "mending.paper", "mending.mend", "api.reissue_paper", "api.void_paper", thing="paper-voided"),
    **_door("heads", "logins.clear", "logins.offer", thing="clerk-of-suyang"),
    **_door("heads", "booking.review", "limits.approve", "limits.asked", "limits.refuse", thing="absent"),
    # ---- designers and operators
    **_door(
        "designer",
        "beginning.adopt",
        "beginning.bring",
        "beginning.make",
        "beginning.new",
        "drafting.begin",
        "drafting.withdraw",
        "comparing.page",
        "moving.page",
        "moving.look",
        "heat.page",
        "studio.decision",
        "studio.file",
        "studio.matter",
        "studio.matters",
        "studio.modeler",
        "studio.proof",
    ),
    **_door(  # of a matter that nobody changes just now
        "designer",
        "comparing.drawing",
        "moving.begin",
        "moving.plan",
        "moving.stop",
        "moving.again",
        "moving.undo",
        "drafting.bring",
        "drafting.choose",
        "drafting.draft",
        "drafting.drop",
        "drafting.edit",
        "drafting.file",
        "simple_steps.add",
        "simple_steps.change",
        "simple_steps.remove",
        "simple_steps.steps",
        "simple_steps.up",
        "drafting.here",
        "drafting.keep",
        "drafting.rewrite",
        "drafting.packed",
        "drafting.proof",
        "drafting.remove",
        "drafting.restore",
        "releasing.page",
        "releasing.replay",
        "releasing.replayed",
        "releasing.approve",
        "releasing.cancel",
        "releasing.publish",
        "releasing.refuse",
        "releasing.waiting",
        "releasing.stories",
        thing="absent",
    ),
    **_door(  # asked of the draft that nobody has just now
        "designer",
        "previewing.paper",
        "previewing.told",
        "playing.act",
        "playing.file",
        "playing.keep",
        "playing.paper",
        "playing.play",
        thing="absent",
    ),
    **_door("operator", "operations.confirm_clock", "operations.now"),
    **_door("operator", "operations.retry", thing="absent"),
    # ---- registers 台账
    **_door("staff", "registers.shelves", "api.registers_mine"),
    **_door("staff", "registers.listed", "api.register_entries", "registers.sheet", thing="register"),
    **_door("staff", "registers.new", "registers.template", "registers.import_sheet", thing="register-written"),
    **_door("staff", "registers.add", "api.add_register_entry", thing="register-written"),
    **_door("staff", "registers.take_out", thing="register-taken-out"),
    **_door("staff", "registers.reach", thing="absent"),  # volunteers have no ways
    **_door("staff", "registers.entry", "api.register_entry", "registers.reveal", thing="register-entry"),
    **_door(
        "staff", "registers.changing", "registers.change", "api.change_register_entry", thing="register-entry-written"
    ),
    # privacy 个人信息
    **_door(
        "resident",
        "resident.own_data_page",
        "resident.own_copy",
        "resident.own_copy_code",
        "resident.agree_electronic",
        "resident.data_ask",
        "resident.data_asked",
    ),
    **_door("resident", "resident.take_own_copy", thing="absent"),  # the code is not theirs
    **_door("resident", "resident.consent", "resident.withdraw_consent", thing="absent"),  # no consent of theirs
    **_door("staff", "desk.data_requests", "desk.many_looks"),
    **_door("handles-cases", "desk.ask_many_looks", "api.ask_many_looks"),
    **_door("heads", "desk.answer_many_looks", "api.answer_many_looks", thing="absent"),  # nobody asked
    **_door("staff", "api.data_requests", "api.many_looks"),
    **_door("staff", "api.answer_data_request", thing="absent"),  # nobody asked anything
    **_door("resident", "api.own_data_now", "api.own_copy_code", "api.agree_electronic", "api.ask_about_own_data"),
    **_door("resident", "api.take_own_copy", thing="absent"),  # the code is not theirs
    **_door("resident", "api.withdraw_consent", thing="absent"),  # no consent of theirs
    **_door("staff", "desk.data_request", "desk.data_request_answer", thing="absent"),  # nobody asked anything
    **_door("resident", "registers.mine", "curves.mine"),
    **_door("resident", "resident.own_number", "resident.ask_codes", "resident.change_number"),
    **_door("resident", "api.ask_number", "api.change_number"),
    # accounts 群众账号: at any counter, never of those who need no residents' data
    **_door("staff", "residents.desk", "residents.find", thing="counter"),
    **_door("staff", "residents.one", "residents.code", "residents.number", "residents.prove", thing="counter"),
    **_door("staff", "residents.preview", "residents.join", thing="counter"),
    **_door("staff", "residents.part", thing="absent"),  # nothing was merged: tests/accounts walks it
    # ---- bonds 关系
    # ---- offers 供给与预订 (nothing stands open in the walk's hall: what is asked by its number is not there)
    **_door("anyone", "offers.listed", "api.offers"),
    **_door("anyone", "offers.one", "api.offer", thing="absent"),
    **_door("resident", "offers.ordering", "offers.order", "offers.change_order", thing="absent"),
    **_door("resident", "offers.day", "offers.change_day", thing="absent"),
    **_door("signed-in", "offers.answers", "offers.answer", thing="absent"),
    **_door("resident", "offers.orders", "offers.hours", "api.standing_orders", "api.hours", "api.statement"),
    **_door("resident", "api.order_standing", "api.change_standing_day", "api.end_standing", thing="absent"),
    **_door("staff", "api.door", "api.arrive", "api.leave", "api.recall", thing="absent"),
    **_door("staff", "offers.door", "offers.arrive", "offers.leave", "offers.depart", "offers.told", thing="absent"),
    **_door("resident", "rounds.mine", "api.rounds"),
    **_door("resident", "rounds.one", "rounds.brought", "rounds.nobody", "api.round_", thing="absent"),
    **_door("staff", "rounds.kitchen", "rounds.desk_brought", "rounds.desk_nobody", thing="absent"),
    **_door("staff", "api.kitchen_rounds", thing="absent"),
    **_door("signed-in", "api.brought", "api.nobody_opened", thing="absent"),
    **_door("staff", "offers.roll", "offers.order_for", "offers.recall", thing="absent"),
    **_door("resident", "offers.slip", thing="absent"),
    **_door("resident", "offers.book", "offers.check", "offers.send", "offers.wait", "api.book", thing="absent"),
    **_door("staff", "offers.week", "offers.statement"),
    **_door("resident", "offers.own_statement"),
    **_door("staff", "offers.sheet", thing="absent"),
    **_door("staff", "offers.open_", "offers.close", "offers.move", "offers.walk_in", thing="absent"),
    **_door("staff", "offers.add_places", thing="absent"),
    **_door(
        "resident",
        "api.bind_by_code",
        "api.bond_code",
        "api.done_for_me",
        "api.my_bonds",
        "bonds.ask",
        "bonds.bind",
        "bonds.let",
        "bonds.mine",
        "bonds.show_code",
        "bonds.typed",
        "api.add_member",
        "api.team_code",
        "api.teams",
        "teams.ask",
        "teams.mine",
        "teams.show_code",
        "teams.typed",
    ),
    **_door("resident", "api.end_bond", "bonds.end", "bonds.one", thing="bond"),
    **_door(  # nothing waits for a yes, no picture is kept, nobody guards a child with a list
        "resident",
        "api.agree",
        "bonds.add_fetcher",
        "bonds.fetch_code",
        "bonds.fetchers",
        "bonds.no",
        "bonds.yes",
        thing="absent",
    ),
    **_door("resident", "teams.leave", thing="absent"),
    **_door(  # nobody leads a team
        "resident",
        "api.second_leader",
        "api.second_leader_ends",
        "teams.second",
        "teams.second_ends",
        thing="absent",
    ),
    **_door("signed-in", "bonds.photo", thing="absent"),
    **_door("staff", "bonds.listed", "bonds.make", "bonds.new"),
    **_door("staff", "bonds.end_at_desk", thing="bond-at-desk"),
    **_door("staff", "bonds.checked", "bonds.door", thing="absent"),  # nobody may be fetched by this bond
    **_door("heads-administrators", "desk.retention"),
    **_door("heads", "desk.asking_hold", "desk.hold", "desk.act", "desk.acted", thing="its-way"),
    **_door("heads", "desk.let_go", thing="absent"),  # nobody keeps it back
    **_door("heads-administrators", "desk.permissions"),
    # ---- 三员
    **_door("security", "accounts.listed", "accounts.open_account"),
    **_door("security", "accounts.give", "accounts.end", "accounts.disable", "accounts.reset", thing="absent"),
    **_door("security", "accounts.clear", thing="absent"),
    **_door("operator-security", "county.lists", "county.put"),
    **_door("staff", "county.template"),
    **_door("auditor", "auditing.record", "auditing.verify"),
    **_door("auditor", "auditing.evidence", thing="absent"),
    # ---- offers 供给与预订
    **_door("anyone", "offers.listed", "api.offers", "offers.one", "api.offer"),
    **_door("resident", "offers.book", "offers.check", "offers.send", "offers.wait", "api.book"),
    **_door("resident", "offers.confirm", thing="own-booking"),
    **_door("staff", "offers.week", "offers.open_"),
    **_door("staff", "offers.close", "offers.move", "offers.walk_in", "offers.add_places", thing="of-suyang"),
    **_door("staff", "offers.close", "offers.move", "offers.walk_in", "offers.add_places", thing="absent"),
    # ---- loans 借还
    **_door("anyone", "loans.listed", "api.loan_shelves"),
    **_door("anyone", "loans.catalogue", "api.loan_titles"),
    **_door("resident", "loans.mine", "api.my_loans"),
    **_door("resident", "loans.renew", "api.renew_loan", thing="own-loan"),
    **_door("resident", "loans.reserve", "loans.cancel", thing="absent"),
    **_door("resident", "api.reserve_title", "api.cancel_reservation", thing="absent"),
    **_door("staff", "loans.desks"),
    **_door("staff", "loans.desk", "loans.scan", "loans.act", thing="loan-desk"),
    **_door("staff", "api.lend_copy", "api.take_copy_back", thing="loan-desk"),
    # ---- matches 撮合
    **_door("anyone", "matches.listed"),
    **_door("resident", "matches.mine", "api.match_apart"),
    **_door("resident", "api.take_back_apart", "matches.take_back", thing="absent"),  # nobody said "not again" here
    **_door("anyone", "api.matches"),
    **_door("resident", "api.say_match", "matches.check", "matches.say", "matches.send"),
    **_door("resident", "matches.one", "api.match_side", thing="own-match-seen"),
    **_door("resident", "matches.forget", thing="own-match"),
    **_door("signed-in", "matches.end", thing="match-ended"),
    # one side is there and no other to ask: tests/matches walk these
    **_door("resident", "api.ask_match", "api.answer_match", thing="absent"),
    **_door("signed-in", "matches.answer", "matches.ask", "matches.slip", thing="absent"),
    **_door("staff", "matches.desk"),
    **_door("staff", "matches.check_at_desk", "matches.say_at_desk", "matches.send_at_desk", thing="match-desk"),
    **_door("staff", "matches.desk_one", "matches.reveal", thing="match-at-desk"),
    # ---- handovers 交接
    **_door("signed-in", "api.my_handovers"),
    # the originals that the applicant hands to the agent of 苏洋村, and still has
    **_door("signed-in", "api.handover", "api.end_handover", "handovers.opened", thing="handover"),
    **_door("resident", "handovers.mine", "handovers.scan"),
    **_door("resident", "handovers.one", "handovers.act", thing="handover"),
    **_door("resident", "handovers.report", thing="held"),
    **_door("staff", "handovers.desk", "handovers.find"),
    **_door(
        "staff",
        "handovers.staff_one",
        "handovers.staff_act",
        thing="handover",
    ),
    **_door("staff", "handovers.staff_report", "handovers.settle", "handovers.again_", thing="held"),
    # ---- boards 公开栏
    **_door("anyone", "boards.listed", "boards.calendar", "boards.feed", "api.board"),
    **_door("anyone", "boards.entry", "boards.entry_calendar", "boards.say", "api.board_entry"),
    **_door("anyone", "boards.at_place", thing="absent"),
    **_door("resident", "boards.told", "boards.stop", "boards.follow_entry"),
    **_door("resident", "boards.follow", thing="absent"),
    **_door("staff", "boards.desk"),
    **_door("staff", "boards.review", thing="of-suyang"),
    **_door("staff", "boards.decide", thing="board-review"),
    # ---- queues 取号
    **_door("anyone", "tickets.halls", "tickets.machine", "tickets.here", "tickets.wall", "tickets.wall_now"),
    **_door("anyone", "tickets.take", thing="absent"),  # nobody stands at the machine or has scanned its code
    **_door("anyone", "api.halls", "api.hall_now"),
    # who holds the slip holds the number
    **_door(
        "anyone",
        "tickets.own",
        "tickets.own_now",
        "tickets.slip",
        "tickets.come_back",
        "tickets.give_up",
        "api.ticket",
    ),
    **_door("staff", "tickets.desks"),
    **_door("staff", "tickets.desk", "tickets.make_machine", "tickets.take_for", "tickets.numbers", thing="hall"),
    **_door("staff", "api.hall_measures", "tickets.step", "api.ticket_step", thing="hall"),
    **_door("staff", "tickets.at_window", "api.call_next", thing="window"),
    **_door("staff", "tickets.receipt", thing="absent"),  # nobody stands at one's own window
    **_door("staff", "tickets.put_back", "api.take_ticket", thing="absent"),  # no number of the day is named
    # ---- ballots 表决: an open vote of 苏洋村
    **_door("resident", "api.my_ballots", "ballots.mine"),
    **_door("resident", "api.ballot", "api.cast_vote", "ballots.done", "ballots.one", "ballots.send", thing="voter"),
    **_door("resident", "ballots.sure", "ballots.take_back", "ballots.vote", thing="voter"),
    **_door("staff", "ballots.held"),
    **_door("staff", "ballots.desk", "ballots.handed_in", thing="of-suyang"),
    **_door("staff", "ballots.booth", "ballots.cast", "ballots.mandate", "ballots.voter", thing="teller"),
    # ---- schedules 定期
    **_door("staff", "schedules.listed", "api.schedules", thing="schedules"),
    **_door("staff", "schedules.one", thing="schedule"),
    **_door("operator", "schedules.pause", "schedules.resume", "schedules.run"),
    **_door("staff", "schedules.retry", "schedules.leave_out", thing="absent"),
}
