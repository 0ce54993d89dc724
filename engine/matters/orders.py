"""order: what of a matter's dispatched orders (工单) counts in the monthly figures (三率), told by its answers."""

from __future__ import annotations

from pydantic import Field

from engine.matters.schema import OptionalFeel, Part
from engine.matters.taking_part import Id

#: What is read from the answers by FEEL, and what is to come out of it.
TOLD = ("returned", "wrong", "redone", "reached", "answered", "solved", "stars", "left_out")


class Order(Part):
    """How a dispatched order counts. A case is one from its first `dispatch-order` on."""

    signed: Id = Field(description="签收是哪一步：在它的时限内办了，就是及时签收 · the step that signs for it")
    returned: OptionalFeel = Field(default="", description="退了几次单（FEEL，数） · how often it was returned")
    wrong: OptionalFeel = Field(
        default="",
        description="退单退对了：改派了别的单位（FEEL，真假） · whether a return was upheld",
    )
    redone: OptionalFeel = Field(default="", description="重办了几次（FEEL，数） · how often it was done again")
    reached: OptionalFeel = Field(
        description="回访问到了本人（FEEL，真假）；没问到的，下面三项都不算 · whether the asker was reached at the "
        "call: else none of the next three counts",
    )
    answered: OptionalFeel = Field(
        description="本人说按时联系过他（FEEL，真假） · they say they were contacted in time"
    )
    solved: OptionalFeel = Field(
        description="本人说解决了（FEEL，真假）；一部分不算 · they say it is solved; in part is not",
    )
    stars: OptionalFeel = Field(description="本人给几颗星（FEEL，1 到 5） · how many stars they gave, 1 to 5")
    left_out: OptionalFeel = Field(
        default="",
        description="为什么不算进各项比率（FEEL，几个字，如“回访不到”）；算进就是 null · why it counts in no rate, "
        "in a few words; null when it counts",
    )
