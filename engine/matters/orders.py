"""order: what of a matter's dispatched orders (工单) counts in the monthly figures (三率), told by its answers."""

from __future__ import annotations

from pydantic import Field, field_validator

from engine import feel
from engine.matters.schema import Part, wrong
from engine.matters.taking_part import Id

#: What is read from the answers by FEEL, and what is to come out of it.
TOLD = ("returned", "wrong", "redone", "reached", "answered", "solved", "stars", "left_out")
_FEEL = r"^(=.*)?$"


class Order(Part):
    """How a dispatched order counts. A case is one from its first `dispatch-order` on."""

    signed: Id = Field(description="签收是哪一步：在它的时限内办了，就是及时签收 · the step that signs for it")
    returned: str = Field(default="", pattern=_FEEL, description="退了几次单（FEEL，数） · how often it was returned")
    wrong: str = Field(
        default="",
        pattern=_FEEL,
        description="退单退对了：改派了别的单位（FEEL，真假） · whether a return was upheld",
    )
    redone: str = Field(default="", pattern=_FEEL, description="重办了几次（FEEL，数） · how often it was done again")
    reached: str = Field(
        pattern=_FEEL,
        description="回访问到了本人（FEEL，真假）；没问到的，下面三项都不算 · whether the asker was reached at the "
        "call: else none of the next three counts",
    )
    answered: str = Field(
        pattern=_FEEL, description="本人说按时联系过他（FEEL，真假） · they say they were contacted in time"
    )
    solved: str = Field(
        pattern=_FEEL,
        description="本人说解决了（FEEL，真假）；一部分不算 · they say it is solved; in part is not",
    )
    stars: str = Field(pattern=_FEEL, description="本人给几颗星（FEEL，1 到 5） · how many stars they gave, 1 to 5")
    left_out: str = Field(
        default="",
        pattern=_FEEL,
        description="为什么不算进各项比率（FEEL，几个字，如“回访不到”）；算进就是 null · why it counts in no rate, "
        "in a few words; null when it counts",
    )

    @field_validator(*TOLD)
    @classmethod
    def _readable(cls, value: str) -> str:
        try:
            feel.compile(value.removeprefix("=") or "null")
        except feel.FeelError as error:
            raise wrong(f"不能这样写：{error}", f"This cannot be read: {error}") from None
        return value
