from typing import Any

from waitress.adjustments import Adjustments

class ParsingError(Exception): ...

class HTTPRequestParser:
    adj: Adjustments
    headers: dict[str, str]
    command: str
    path: str
    error: Any
    completed: bool
    empty: bool
    chunked: bool
    headers_finished: bool
    expect_continue: bool
    connection_close: bool
    content_length: int
    body_bytes_received: int
    body_rcv: Any
    def __init__(self, adj: Adjustments) -> None: ...
    def parse_header(self, header_plus: bytes) -> None: ...
    def received(self, data: bytes) -> int: ...
