from typing import Any

class Adjustments:
    listen: list[tuple[Any, ...]]
    recv_bytes: int
    inbuf_overflow: int
    def __init__(self, **adjustments: object) -> None: ...
