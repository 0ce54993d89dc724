"""Which consents of a person hold today."""

from __future__ import annotations

from sqlalchemy import select

from engine.store import Work
from engine.store.models import Consent

#: The purpose of the consent that papers are served electronically: one for all, asked once.
ELECTRONIC = "electronic-service"
ELECTRONIC_SAID = (
    "同意以后的文书用电子方式送达：在“我的”里看得到、发短信告诉我，就算送达。可以随时撤回，撤回以后送纸质的。"
)


def electronic(work: Work, user_id: int | None) -> Consent | None:
    """The consent to electronic service that holds today; else the last that was taken back; None: never asked."""
    if user_id is None:
        return None
    return work.session.scalar(
        select(Consent)
        .where(Consent.user_id == user_id, Consent.purpose == ELECTRONIC)
        .order_by(Consent.withdrawn_at.is_(None).desc(), Consent.id.desc())
        .limit(1)
    )
