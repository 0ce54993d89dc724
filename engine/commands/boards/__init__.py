"""公开栏: what people do with an entry: read it before the public does, take it down, object to it, ask to be told."""

from engine.commands.boards.following import FOLLOWED, follow, follow_entry, unfollow
from engine.commands.boards.objecting import Said, object_to
from engine.commands.boards.reviewing import approve, refuse, withdraw

__all__ = [
    "FOLLOWED",
    "Said",
    "approve",
    "follow",
    "follow_entry",
    "object_to",
    "refuse",
    "unfollow",
    "withdraw",
]
