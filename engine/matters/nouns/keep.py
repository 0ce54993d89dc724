"""`keep`: for how many years what somebody said there is kept, of whatever lives outside a case. One field, the same
everywhere; matches, loans and registers have one of their own, in days or after a state."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

#: Years; or for good.
Years = Annotated[int, Field(ge=1, le=100)] | Literal["permanent"]

KEEP: Any = Field(
    default=None,
    description="过后几年清除个人信息（姓名、电话、填的内容），数字留下；permanent 永久；不写是大厅的默认"
    "（engine/matters/data/retention.yaml） · so many years after it was over the personal data go and the numbers "
    "stay; permanent: never; without it the default of the hall",
)
