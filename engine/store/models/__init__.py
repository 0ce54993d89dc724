"""All tables. A room that needs its own adds a module here and imports it below."""

from engine.store.models.base import Base, BigId, Sealed, SealedBytes, SealedJson, UtcDateTime, to_json
from engine.store.models.cases import (
    Awaited,
    Case,
    DayOverride,
    DeadlineEvent,
    DecisionHit,
    Draft,
    Incident,
    MatterVersion,
    Rating,
    Reminder,
    Subscription,
    Task,
    TaskCandidate,
    Timer,
)
from engine.store.models.people import (
    ApiToken,
    Consent,
    Holding,
    Leave,
    OneTimeCode,
    Post,
    Session,
    Throttle,
    Unit,
    User,
)
from engine.store.models.records import (
    Counter,
    Document,
    Event,
    File,
    Job,
    Notice,
    Reveal,
    Seal,
    SealedEvent,
)

__all__ = [
    "ApiToken", "Awaited", "Base", "BigId", "Case", "Consent", "Counter", "DayOverride", "DeadlineEvent", "DecisionHit",
    "Document", "Draft", "Event", "File", "Holding", "Incident", "Job", "Leave", "MatterVersion", "Notice",
    "OneTimeCode", "Post", "Rating", "Reminder", "Reveal", "Seal", "Sealed", "SealedBytes", "SealedEvent", "SealedJson",
    "Session", "Subscription", "Task", "TaskCandidate", "Throttle", "Timer", "Unit", "User", "UtcDateTime", "to_json",
]  # fmt: skip
