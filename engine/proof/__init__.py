"""Proving a matter (求证): the check, then its stories by the real commands, its papers drawn. The room above the
commands.

prove(name, files) -> Verdict         every finding, and how each story went; never raises for what a file holds

scratch.py    a hall in memory, there again as it was for each story
county.py     the county a story is played in: every unit and post the matter names, and people who hold them
playing.py    one story, action by action, on a clock of its own
proving.py    the verdict
teeth.py      whether the story of a clause goes otherwise without what keeps it
"""

from engine.proof.playing import Played, play
from engine.proof.proving import Told, Verdict, prove
from engine.proof.scratch import Scratch

__all__ = ["Played", "Scratch", "Told", "Verdict", "play", "prove"]
