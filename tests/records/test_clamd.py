"""The virus scanner: a small server that speaks clamd's protocol, on real sockets."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.errors import Invalid
from engine.records import incoming
from engine.records.incoming import clamd
from tests import made

#: The test file of EICAR, which every scanner calls a virus; in two parts, or one would be found in this file.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + rb"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def answer(link: socket.socket, most: int) -> None:
    """INSTREAM and PING as clamd answers them."""
    read = link.makefile("rb")
    command = b""
    while not command.endswith(b"\0"):
        piece = read.read(1)
        if not piece:
            return
        command += piece
    if command == b"zPING\0":
        link.sendall(b"PONG\0")
        return
    assert command == b"zINSTREAM\0"
    data = b""
    while (size := struct.unpack(">I", read.read(4))[0]) > 0:
        data += read.read(size)
        if len(data) > most:
            link.sendall(b"INSTREAM size limit exceeded. ERROR\0")
            return
    link.sendall(b"stream: Eicar-Test-Signature FOUND\0" if EICAR in data else b"stream: OK\0")


@contextmanager
def serving(listener: socket.socket, how=answer, most: int = 30_000_000) -> Iterator[None]:
    """One connection after the other, until the end of the block."""

    def serve() -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            with link:
                how(link, most)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


@pytest.fixture(params=["tcp", "unix"])
def listener(request, tmp_path, monkeypatch) -> socket.socket:
    if request.param == "tcp":
        made_ = socket.create_server(("127.0.0.1", 0))
        address = f"tcp:127.0.0.1:{made_.getsockname()[1]}"
    else:
        made_ = socket.socket(socket.AF_UNIX)
        made_.bind(str(tmp_path / "clamd.ctl"))
        made_.listen()
        address = f"unix:{tmp_path / 'clamd.ctl'}"
    monkeypatch.setenv("YIZHAN_CLAMD", address)
    return made_


def said(data: bytes, name: str = "a.pdf") -> str:
    try:
        incoming.examine(data, name, field="f", label="材料")
    except Invalid as refused:
        return refused.fields[0].zh
    return ""


def infected() -> bytes:
    return made.pdf() + b"\n%" + EICAR + b"\n"


def test_what_is_clean_is_taken_and_what_is_not_is_refused_by_its_name(listener) -> None:
    with serving(listener):
        assert clamd.configured().alive()
        assert said(made.pdf()) == ""
        assert "Eicar-Test-Signature" in said(infected())


def test_a_picture_is_scanned_as_it_came(listener) -> None:
    """What hangs on it would be gone from what is kept; whoever sent it has a virus all the same."""
    with serving(listener):
        assert said(made.picture(), "a.png") == ""
        assert "病毒" in said(made.picture() + EICAR, "a.png")


def test_a_large_file_goes_in_pieces(listener) -> None:
    sound = b"RIFF" + struct.pack("<I", 400_036) + b"WAVEfmt " + struct.pack("<I", 16) + bytes(400_016)
    with serving(listener):
        assert said(sound, "录音.wav") == ""
        assert "病毒" in said(sound + EICAR, "录音.wav")


def nothing(link: socket.socket, most: int) -> None:
    """It hangs up without a word."""


def nonsense(link: socket.socket, most: int) -> None:
    link.recv(65536)
    link.sendall(b"\xff\xfe stream: maybe\0")


@pytest.mark.parametrize("how", [nothing, nonsense])
def test_without_a_plain_answer_nothing_is_taken(listener, how) -> None:
    with serving(listener, how):
        assert "现在不能检查病毒" in said(made.pdf())


def test_what_is_too_large_for_the_scanner_is_not_taken(listener) -> None:
    with serving(listener, most=100):
        assert "现在不能检查病毒" in said(made.pdf())


def test_a_scanner_that_is_gone_stops_uploads_and_says_so(listener) -> None:
    listener.close()
    assert "现在不能检查病毒" in said(made.pdf())
    assert not clamd.configured().alive()


def test_a_scanner_that_never_answers_is_given_up(tmp_path, monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        scanner = clamd.Scanner(host="127.0.0.1", port=silent.getsockname()[1], timeout_s=0.05)
        monkeypatch.setattr(clamd, "configured", lambda: scanner)
        assert "现在不能检查病毒" in said(made.pdf())


@pytest.mark.parametrize(
    "text", ["127.0.0.1:3310", "tcp:host", "tcp:host:99999", "unix:relative", "tcp:ho st:1", "http://x"]
)
def test_an_odd_address_stops_the_start(text) -> None:
    with pytest.raises(ValueError, match="Expected unix:/path"):
        clamd.read(text)


def test_where_none_is_set_nothing_is_asked(monkeypatch) -> None:
    monkeypatch.delenv("YIZHAN_CLAMD", raising=False)
    assert clamd.configured() is None
    assert clamd.read("tcp:[::1]:3310") == clamd.Scanner(host="::1", port=3310)
