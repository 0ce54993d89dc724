from collections.abc import Callable
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.task import ThreadedTaskDispatcher

class TcpWSGIServer:
    channel_class: type[HTTPChannel]
    active_channels: dict[int, Any]
    effective_host: str
    effective_port: int | str
    def __init__(
        self,
        application: Any,
        map: dict[int, Any] | None = None,
        _start: bool = True,
        _sock: Any = None,
        dispatcher: ThreadedTaskDispatcher | None = None,
        adj: Adjustments | None = None,
        sockinfo: Any = None,
    ) -> None: ...
    def maintenance(self, now: float) -> None: ...
    def handle_accept(self) -> None: ...

class MultiSocketServer:
    def __init__(
        self,
        map: dict[int, Any],
        adj: Adjustments,
        effective_listen: list[tuple[str, int | str]],
        dispatcher: ThreadedTaskDispatcher,
        log_info: Callable[..., None],
    ) -> None: ...
    def run(self) -> None: ...
