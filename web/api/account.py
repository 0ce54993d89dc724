"""One's own account: another telephone to sign in by."""

from __future__ import annotations

import secrets

from flask import request
from pydantic import Field

from engine.commands import accounts
from engine.store import again
from web import edge
from web.api.declaring import Shape, operation


class NumberIn(Shape):
    phone: str = Field(max_length=40)


class NumberCodesOut(Shape):
    ask: str  # to be given with the codes: they work only for whoever asked for them
    shown_old: str  # the codes themselves, only while the hall is in development; else ""
    shown_new: str


class NewNumber(Shape):
    phone: str = Field(max_length=40)  # the number the codes were asked for
    ask: str = Field(max_length=80)  # as POST /account/number/codes gave it
    old_code: str = Field(max_length=12)
    new_code: str = Field(max_length=12)


@operation(
    "post", "/account/number/codes", who="resident", tag="account", takes=NumberIn, gives=NumberCodesOut, alone=True
)
def ask_number(body: NumberIn) -> NumberCodesOut:
    """Send a code to the number of before and one to the new number."""
    hall, ask = edge.hall(), secrets.token_urlsafe(24)

    old, new = accounts.ask_both(
        hall.database,
        body.phone,
        ask,
        hall=hall.settings.hall_name,
        by=edge.actor(),
        now=edge.now(),
        address=request.remote_addr or "",
    )
    shown = hall.settings.development
    return NumberCodesOut(ask=ask, shown_old=old if shown else "", shown_new=new if shown else "")


@operation("post", "/account/number", who="resident", tag="account", takes=NewNumber, alone=True)
def change_number(body: NewNumber) -> None:
    """Sign in by another number from now on; the token of this call goes on, all else that was open ends."""
    hall = edge.hall()
    again(
        lambda: accounts.change(
            hall.database,
            body.phone,
            body.old_code,
            body.new_code,
            body.ask,
            program=edge.bearer(),
            hall=hall.settings.hall_name,
            by=edge.actor(),
            now=edge.now(),
        )
    )
