"""All tables. A room that needs its own adds a module here and imports it below."""

from engine.store.models.base import Base, BigId, Sealed, SealedBytes, SealedJson, UtcDateTime
from engine.store.models.booking import (
    Appointment,
    AppointmentSlot,
    Duty,
    OnlineBlock,
    Resource,
    ResourceClosure,
    ResourceOpening,
    Slot,
    Waiting,
)
from engine.store.models.cases import (
    Awaited,
    Case,
    DecisionHit,
    Draft,
    Incident,
    MatterVersion,
    PrivateNote,
    PublicNotice,
    Rating,
    RegisterEntry,
    Reminder,
    Subscription,
    Task,
    TaskCandidate,
    Timer,
)
from engine.store.models.mediation import CaseParty, Meeting, MeetingBooking, SideClock, Tie
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
from engine.store.models.time import Beat, CalendarFile, Escalation, ExtensionRequest

__all__ = [
    "ApiToken", "Appointment", "AppointmentSlot", "Awaited", "Base", "Beat", "BigId", "CalendarFile", "Case", "CaseParty", "Consent", "Counter", "DecisionHit",
    "Document", "Draft", "Duty", "Escalation", "Event", "ExtensionRequest", "File", "Holding", "Incident", "Job", "Leave", "MatterVersion", "Meeting", "MeetingBooking", "Notice",
    "OneTimeCode", "OnlineBlock", "Post", "PrivateNote", "PublicNotice", "Rating", "RegisterEntry", "Reminder", "Resource", "ResourceClosure", "ResourceOpening", "Reveal", "Seal", "Sealed", "SealedBytes", "SealedEvent", "SealedJson",
    "Session", "SideClock", "Slot", "Subscription", "Task", "TaskCandidate", "Throttle", "Tie", "Timer", "Unit", "User", "UtcDateTime", "Waiting",
]  # fmt: skip
