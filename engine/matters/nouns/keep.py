"""`keep`: how long what somebody said there is kept, of whatever lives outside a case; said as registers say it.
Matches and loans have one of their own, in days."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

PERMANENT = "permanent"
#: 90d, 6m, 3y; or for good.
Keep = Annotated[str, StringConstraints(pattern=rf"^([1-9][0-9]{{0,3}}[dmy]|{PERMANENT})$")]

KEEP: Any = Field(
    default=None,
    description="过后多久清除个人信息（姓名、电话、填的内容），数字留下：90d、6m、3y，permanent 永久；不写是大厅的默认"
    "（engine/matters/data/retention.yaml） · so long after it was over the personal data go and the numbers stay: "
    "90d, 6m, 3y; permanent: never; without it the default of the hall",
)
