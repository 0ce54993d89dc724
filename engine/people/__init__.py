"""Who may do what: the Actor, the county's units, and one question, may(actor, verb, thing)."""

from engine.people.access import may, require
from engine.people.actor import SYSTEM, Actor, load, load_login

__all__ = ["SYSTEM", "Actor", "load", "load_login", "may", "require"]
