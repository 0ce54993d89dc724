"""Every write to a case and its tasks: one verb, one function, four beats.

    find and may -> check -> advance -> apply

Each takes the unit of work first; `by` (who acts) and `now` (aware UTC) are keyword-only, and `version` is the version
of the task the person saw. None commits. Run in `database.rehearsal()` any of them is its own preview.
"""

from engine.commands.applying import Done
from engine.commands.cases.asked_about import asked_in_vain
from engine.commands.cases.asking import ask_extension, refuse_extension
from engine.commands.cases.clocks import approve_extension, extend, resume, suspend
from engine.commands.cases.evidence import package as evidence_package
from engine.commands.cases.hands import delegate, give_opinion, pass_on_questions, remind, take_back, transfer
from engine.commands.cases.holding import hold, let_go
from engine.commands.cases.inputs import answer, deliver, fire, hear, retry
from engine.commands.cases.looking_at_many import answer_many, ask_for_many
from engine.commands.cases.mandating import sign_mandate
from engine.commands.cases.mending import correct_applicant, reissue_paper, void_paper
from engine.commands.cases.moving import move_office, move_units
from engine.commands.cases.online import apply_online, receive
from engine.commands.cases.rating import close_rating, rate
from engine.commands.cases.reading import open_case, open_file, open_paper, open_sheet, reveal
from engine.commands.cases.routes import jump, jump_targets, recall, return_, return_targets, terminate, withdraw
from engine.commands.cases.submit import Behalf, Person, person_of, submit
from engine.commands.cases.telling import tell
from engine.commands.cases.versions import CannotMove, last_chosen, look_at_move, may_undo, move_version, undo_move
from engine.commands.cases.working import claim, complete, draft_of, mark_seen, save_draft, unclaim
from engine.commands.changes import Change

__all__ = [
    "Behalf",
    "CannotMove",
    "Change",
    "Done",
    "Person",
    "answer",
    "answer_many",
    "apply_online",
    "ask_for_many",
    "approve_extension",
    "ask_extension",
    "asked_in_vain",
    "claim",
    "close_rating",
    "complete",
    "correct_applicant",
    "delegate",
    "deliver",
    "draft_of",
    "evidence_package",
    "extend",
    "fire",
    "give_opinion",
    "hear",
    "hold",
    "jump",
    "jump_targets",
    "last_chosen",
    "let_go",
    "look_at_move",
    "mark_seen",
    "may_undo",
    "move_office",
    "move_units",
    "move_version",
    "open_case",
    "open_file",
    "open_paper",
    "open_sheet",
    "pass_on_questions",
    "person_of",
    "rate",
    "recall",
    "refuse_extension",
    "reissue_paper",
    "remind",
    "resume",
    "retry",
    "return_",
    "return_targets",
    "reveal",
    "save_draft",
    "sign_mandate",
    "submit",
    "receive",
    "suspend",
    "take_back",
    "tell",
    "terminate",
    "transfer",
    "unclaim",
    "undo_move",
    "void_paper",
    "withdraw",
]
