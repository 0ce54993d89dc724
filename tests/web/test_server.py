"""The web server: turns for everybody, patience for nobody who has none. On real sockets, in one process."""

import socket
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from web import server

ASK = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Asked:
    """A request as the queue sees it: a channel, with who is at its other end."""

    def __init__(self, address, told=""):
        self.addr, self.served = (address, 1), False
        self.requests = [SimpleNamespace(headers={"X_FORWARDED_FOR": told} if told else {})]

    def service(self):
        self.served = True


@pytest.fixture
def queue():
    """A queue with three threads for one, and a clock that stands."""
    made = server._Queue(3, server.whose(0), lambda: made.now, threading.Condition(), lambda s: made.rests.append(s))
    made.now, made.rests = 100.0, []
    return made


def fill(queue, *addresses):
    for address in addresses:
        queue.append(Asked(address))


def test_who_asks_fifty_times_stands_in_front_of_nobody(queue):
    fill(queue, *["10.0.0.9"] * 50, "10.0.0.1", "10.0.0.2")
    first = queue.popleft()
    queue.now += 0.5
    first.service()
    assert [queue.popleft().address for _ in range(2)] == ["10.0.0.1", "10.0.0.2"]
    assert len(queue) == 49


def test_nobody_holds_more_than_their_share_of_the_threads(queue):
    fill(queue, *["10.0.0.9"] * 50)
    turns = [queue.popleft() for _ in range(3)]
    assert not queue
    turns[0].service()
    assert queue and queue.popleft().address == "10.0.0.9" and not queue


def test_who_has_used_much_of_late_holds_one_and_is_forgiven_later(queue):
    fill(queue, *["10.0.0.9"] * 10)
    turn = queue.popleft()
    queue.now += server.MUCH_S + 1
    turn.service()
    second = queue.popleft()
    assert not queue
    queue.now += 60
    assert queue and queue.popleft() and queue.popleft()
    second.service()
    assert queue.used("10.0.0.9") < 61


def serve_next(queue, seconds):
    turn = queue.popleft()
    queue.now += seconds
    turn.service()
    return turn.address


def test_who_has_used_much_rests_after_a_turn_while_others_want_something(queue):
    fill(queue, *["10.0.0.9"] * 10, "10.0.0.1")
    serve_next(queue, server.MUCH_S + 1)
    assert queue.rests == []  # nobody else was there
    assert serve_next(queue, 0.01) == "10.0.0.1" and queue.rests == []
    assert [serve_next(queue, 0.01) for _ in range(2)] == ["10.0.0.9"] * 2
    assert queue.rests == pytest.approx([server.REST * 0.01] * 2)
    serve_next(queue, 1.0)
    assert queue.rests[2:] == [server.REST_S]  # no thread rests long
    queue.now += server.ABOUT_S
    serve_next(queue, 0.01)
    assert len(queue.rests) == 3  # the others have gone


def test_a_turn_that_fails_ends_too(queue):
    fill(queue, "10.0.0.9")
    turn = queue.popleft()
    turn.task.service = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        turn.service()
    assert not queue._held


def test_thousands_of_addresses_are_not_remembered_for_ever(queue):
    for n in range(10_100):
        fill(queue, f"10.{n // 65536}.{n // 256 % 256}.{n % 256}")
        turn = queue.popleft()
        queue.now += 0.1
        turn.service()
    assert len(queue._used) < 1_000


@pytest.mark.parametrize(
    ("proxies", "end", "told", "who"),
    [
        (0, "10.0.0.9", "1.2.3.4", "10.0.0.9"),  # no proxy of ours: what somebody says of themselves is not believed
        (1, "10.0.0.1", "1.2.3.4", "1.2.3.4"),
        (1, "10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        (2, "10.0.0.1", "1.2.3.4", "10.0.0.1"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (1, "10.0.0.1", "nonsense", "nonsense"),
        (0, "2001:db8::1", "", "2001:db8::/64"),
        (0, "::ffff:10.0.0.9", "", "10.0.0.9"),  # an old address in the new clothes is not everybody's /64
        (0, "fe80::1%eth0", "", "fe80::/64"),
    ],
)
def test_people_are_told_apart_as_our_own_proxies_saw_them(proxies, end, told, who):
    assert server.whose(proxies)(Asked(end, told)) == who


# ---------------------------------------------------------------- on sockets


def page(environ, start):
    body = b"x" * int(environ["PATH_INFO"].strip("/") or 5)
    size, came = int(environ.get("CONTENT_LENGTH") or 0), len(environ["wsgi.input"].read())
    status = "200 OK" if size == came else f"413 {came} of {size}"
    start(status, [("Content-Length", str(len(body)))])
    return [body]


#: Bytes that a body may have: of a route that takes a file, of the others.
FILE, FORM = 200_000, 50_000


@contextmanager
def serving(monkeypatch, page=page, **numbers):
    """The server on a port of its own, with other numbers; `gone` counts the connections it has let go."""
    for name, value in numbers.items():
        monkeypatch.setattr(server, name, value)
    gone, loop = threading.Semaphore(0), {}
    close = server.Channel.handle_close
    monkeypatch.setattr(server.Channel, "handle_close", lambda one: (close(one), gone.release())[0])
    adjusted = server.Adjustments(
        host="127.0.0.1",
        port=0,
        threads=4,
        cleanup_interval=0,
        asyncore_use_poll=True,
        log_socket_errors=False,
        outbuf_high_watermark=256_000_000,
        asyncore_loop_timeout=0.05,
        connection_limit=10_000,
        max_request_body_size=server.sys.maxsize,
    )
    turns, room = server.Turns(4, server.whose(0)), server.Room(FILE, server.whose(0), loop)
    (one,) = server.listening(page, loop, turns, adjusted, room, lambda _, path: FILE if path == "/9" else FORM)
    over = threading.Event()
    tick = one.maintenance

    def maintenance(now):
        if over.is_set():
            raise SystemExit
        tick(now)

    one.maintenance = maintenance
    thread = threading.Thread(target=server.MultiSocketServer(loop, adjusted, [], turns, print).run)
    thread.start()
    try:
        yield SimpleNamespace(address=("127.0.0.1", one.effective_port), gone=gone, channels=one.active_channels)
    finally:
        over.set()
        thread.join(30)


def connected(there, sent=b""):
    one = socket.create_connection(there.address, timeout=60)
    one.sendall(sent)
    return one


def whole(one):
    """All that comes until the other end closes."""
    got = b""
    try:
        while more := one.recv(65536):
            got += more
    except ConnectionResetError:
        pass
    return got


HALVES = {
    "head": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", b"a"),
    "body": (b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n", b"a"),
    "chunks": (b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "nothing": (b"", b""),
}


@pytest.mark.parametrize("half", HALVES)
def test_a_request_that_never_comes_whole_is_let_go_though_it_drips(monkeypatch, half):
    first, drop = HALVES[half]
    with serving(monkeypatch, PATIENCE_S=0.3, RATE=1_000_000, IDLE_S=0.3) as there, connected(there, first) as one:
        one.settimeout(0.02)
        with pytest.raises((ConnectionResetError, BrokenPipeError, EOFError)):
            while True:
                try:
                    if not one.recv(1):
                        raise EOFError
                except TimeoutError:
                    one.sendall(drop)


@pytest.mark.parametrize("what", ["asked", "answered"])
def test_what_comes_or_is_taken_slowly_has_the_time_it_earns(monkeypatch, what):
    one = object.__new__(server.Channel)
    one.requests, closed = [], []
    monkeypatch.setattr(server.Channel, "handle_close", lambda given: closed.append(given))
    one.asked_at, one.total_outbufs_len = 1000.0, int(what == "answered")
    one.look(1000.0)
    one.moved = 60_000  # thirty seconds at the slowest rate
    one.look(1000.0 + server.PATIENCE_S + 29)
    assert closed == []
    one.look(1000.0 + server.PATIENCE_S + 31)
    assert closed == [one]


def test_an_answer_that_was_taken_between_two_looks_does_not_count_for_the_next(monkeypatch):
    one = object.__new__(server.Channel)
    one.requests, one.requests_lock, one.request, closed = [], threading.Lock(), None, []
    monkeypatch.setattr(server.Channel, "handle_close", lambda given: closed.append(given))
    monkeypatch.setattr(server.HTTPChannel, "received", lambda given, data: True)
    one.asked_at, one.total_outbufs_len = None, 1
    one.look(1000.0)
    one.received(b"GET")  # asked once more on the same connection, and answered before anybody looked
    one.look(1000.0 + server.PATIENCE_S + 1)
    assert closed == []


def test_turns_that_end_beside_each_other_are_counted_one_by_one(queue):
    fill(queue, "10.0.0.9", "10.0.0.9")
    first, second = queue.popleft(), queue.popleft()
    counted, go = queue.used, threading.Event()

    def looks(address):  # in the middle of one's end another wants to end
        queue.used, before = counted, counted(address)
        other.start()
        go.wait(0.05)
        return before

    other = threading.Thread(target=lambda: (second.service(), go.set()))
    queue.used = looks
    queue.now += 1.0
    first.service()
    other.join(10)
    assert not queue._held and queue.used("10.0.0.9") == pytest.approx(2.0)


def test_who_does_not_read_is_let_go_and_holds_no_thread(monkeypatch):
    with serving(monkeypatch, PATIENCE_S=0.3, RATE=1e12) as there:
        held = [connected(there, ASK % b"/30000000") for _ in range(8)]  # twice as many as there are threads
        with connected(there, b"GET /5 HTTP/1.0\r\n\r\n") as one:
            assert whole(one).endswith(b"xxxxx")
        for _ in range(9):
            assert there.gone.acquire(timeout=60)
        for one in held:
            one.close()


def test_of_fifty_requests_at_once_on_one_connection_one_is_answered(monkeypatch):
    with serving(monkeypatch) as there, connected(there, ASK % b"/5" * 50) as one:
        assert whole(one).count(b"HTTP/1.1 200") == 1


def test_two_requests_one_after_the_other_on_one_connection_are_both_answered(monkeypatch):
    with serving(monkeypatch) as there, connected(there) as one:
        for _ in range(2):
            one.sendall(ASK % b"/5")
            got = b""
            while not got.endswith(b"xxxxx"):
                got += one.recv(65536)


def test_when_all_places_are_taken_the_one_waited_for_longest_goes(monkeypatch):
    with serving(monkeypatch, CONNECTIONS=100) as there:
        held = [connected(there, HALVES["head"][0]) for _ in range(150)]
        with connected(there, b"GET /5 HTTP/1.0\r\n\r\n") as one:
            assert whole(one).endswith(b"xxxxx")
        for one in held:
            one.close()


def test_a_person_is_served_while_somebody_asks_without_end(monkeypatch):
    over = threading.Event()

    def flood(there):
        while not over.is_set():
            with connected(there, b"GET /100000 HTTP/1.0\r\n\r\n") as one:
                whole(one)

    with serving(monkeypatch) as there:
        floods = [threading.Thread(target=flood, args=(there,)) for _ in range(20)]
        for one in floods:
            one.start()
        for n in range(20):
            with socket.create_connection(there.address, timeout=60, source_address=("127.0.0.2", 0)) as one:
                one.sendall(b"GET /%d HTTP/1.0\r\n\r\n" % (n + 1))
                assert whole(one).endswith(b"x" * (n + 1))
        over.set()
        for one in floods:
            one.join(60)


# ---------------------------------------------------------------- bodies


def asked(path, size, *, chunked=False, more=""):
    says = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{says}\r\n{more}\r\n".encode()


def chunks(size, of=10_000):
    return b"".join(b"%x\r\n%s\r\n" % (of, b"a" * of) for _ in range(size // of))


@pytest.mark.parametrize("path", ["/5", "/9"])
def test_what_is_announced_as_larger_than_the_route_takes_is_refused_before_it_comes(monkeypatch, path):
    most = FILE if path == "/9" else FORM
    with serving(monkeypatch) as there:
        with connected(there, asked(path, most + 1, more="Expect: 100-continue\r\n")) as one:
            assert whole(one).startswith(b"HTTP/1.1 413 0 of %d\r\n" % (most + 1))  # nor is it asked to go on
        with connected(there, asked(path, most) + b"a" * most) as one:
            assert one.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize("path", ["/5", "/9"])
def test_a_body_in_chunks_is_let_come_as_far_as_the_route_takes(monkeypatch, path):
    most = FILE if path == "/9" else FORM
    with serving(monkeypatch) as there:
        with connected(there, asked(path, 0, chunked=True) + chunks(most - 10_000) + b"0\r\n\r\n") as one:
            assert one.recv(12) == b"HTTP/1.1 200"
        with connected(there, asked(path, 0, chunked=True) + chunks(most)) as one:  # framed, it is more than that
            assert b" 413 0 of " in one.recv(64)


@pytest.mark.parametrize("size", ["9" * 25, "9" * 5_000, "-1", "+1", "1_0", "0x1", "1, 1"])
def test_an_announced_size_that_is_none_is_refused_and_nothing_more_is_read(monkeypatch, size):
    follows = asked("/5", 0)
    with serving(monkeypatch) as there, connected(there, asked("/5", size) + follows) as one:
        assert whole(one).count(b"HTTP/1.1 4") == 1


def test_an_address_with_half_a_bracket_is_refused(monkeypatch):
    with serving(monkeypatch) as there, connected(there, b"GET http://[::1 HTTP/1.1\r\n\r\n") as one:
        assert whole(one).startswith(b"HTTP/1.1 400")


def test_a_line_of_chunks_that_never_ends_is_not_collected(monkeypatch):
    with serving(monkeypatch) as there, connected(there, asked("/9", 0, chunked=True) + b"1" * 20_000) as one:
        assert one.recv(12) == b"HTTP/1.1 400"


def held(there):
    """Bytes of bodies, by who sends them."""
    found = {}
    for one in list(there.channels.values()):
        found[one.addr[0]] = found.get(one.addr[0], 0) + one.body()
    return found


def from_(there, address, sent):
    one = socket.create_connection(there.address, timeout=60, source_address=(address, 0))
    one.sendall(sent)
    return one


def test_half_sent_bodies_of_one_address_have_their_room_and_others_have_theirs(monkeypatch):
    with serving(monkeypatch, OF_ONE=2) as there:
        other = from_(there, "127.0.0.2", asked("/9", FILE) + b"b" * (FILE - 1))
        slow = []
        for _ in range(9):
            slow.append(from_(there, "127.0.0.3", asked("/9", FILE) + b"a" * 100_000))
        for _ in range(5):  # 900 000 bytes came, 400 000 may stay
            assert there.gone.acquire(timeout=60)
        assert held(there).get("127.0.0.3", 0) <= 2 * FILE
        other.sendall(b"b")
        assert other.recv(12) == b"HTTP/1.1 200"
        slow[-1].sendall(b"a" * 100_000)  # the one that came last is still there
        assert slow[-1].recv(12) == b"HTTP/1.1 200"
        for one in (other, *slow):
            one.close()


def test_bodies_that_nobody_has_read_yet_count_too(monkeypatch):
    let = threading.Event()

    def waits(environ, start):
        let.wait(60)
        return page(environ, start)

    with serving(monkeypatch, page=waits, OF_ONE=2) as there:
        whole_ones = [from_(there, "127.0.0.3", asked("/9", FILE) + b"a" * FILE) for _ in range(2)]
        while held(there).get("127.0.0.3", 0) < 2 * FILE:
            assert not there.gone.acquire(timeout=0.01)
        half = from_(there, "127.0.0.3", asked("/9", FILE) + b"a" * 9_000)
        assert there.gone.acquire(timeout=60)
        let.set()
        assert [one.recv(12) for one in whole_ones] == [b"HTTP/1.1 200"] * 2
        for one in (half, *whole_ones):
            one.close()


def test_many_addresses_together_have_their_room_and_who_holds_most_makes_it(monkeypatch):
    with serving(monkeypatch, OF_ONE=2, OF_ALL=3) as there:
        little = from_(there, "127.0.0.9", asked("/5", FORM) + b"b" * (FORM - 1))
        held_up = [from_(there, f"127.0.0.{10 + n % 4}", asked("/9", FILE) + b"a" * 100_000) for n in range(8)]
        assert there.gone.acquire(timeout=60)
        assert sum(held(there).values()) <= 3 * FILE
        little.sendall(b"b")
        assert little.recv(12) == b"HTTP/1.1 200"
        for one in (little, *held_up):
            one.close()


# ---------------------------------------------------------------- answers nobody reads, places nobody gives back


def left(there, *those):
    """Those hang up, and the server knows."""
    for one in those:
        one.close()
    while there.channels:
        there.gone.acquire(timeout=0.05)


def unread(there):
    """Bytes of answers that wait to be taken, by who asked."""
    found = {}
    for one in list(there.channels.values()):
        found[one.addr[0]] = found.get(one.addr[0], 0) + one.total_outbufs_len
    return found


def test_answers_that_one_address_does_not_read_have_their_room_and_who_reads_theirs_stays(monkeypatch):
    ask = b"GET /5000000 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with serving(monkeypatch, OF_ONE=60) as there:  # twelve million bytes: what the kernel takes is not counted
        reads = from_(there, "127.0.0.2", b"GET /5000000 HTTP/1.0\r\n\r\n")
        held = [from_(there, "127.0.0.3", ask) for _ in range(12)]
        assert there.gone.acquire(timeout=60)
        with connected(there, b"GET /5 HTTP/1.0\r\n\r\n") as one:
            assert whole(one).endswith(b"xxxxx")
        assert unread(there).get("127.0.0.3", 0) <= 60 * FILE + 5_000_000
        assert len(whole(reads)) > 5_000_000
        left(there, reads, *held)


def test_the_only_answer_somebody_has_not_read_is_theirs_however_large(monkeypatch):
    ask = b"GET /9000000 HTTP/1.0\r\n\r\n"
    with serving(monkeypatch, OF_ONE=1) as there, from_(there, "127.0.0.3", ask) as one:
        assert len(whole(one)) > 9_000_000


def test_an_answer_that_waits_is_theirs_who_asked_not_the_proxys(monkeypatch):
    one = object.__new__(server.Channel)
    one.server = SimpleNamespace(room=SimpleNamespace(whose=server.whose(1)))
    one.addr, one.requests, one.request, one.total_outbufs_len = ("10.0.0.1", 1), [], None, 7
    one.asked_by = "1.2.3.4"
    assert one.whose() == "1.2.3.4"
    one.total_outbufs_len = 0  # it was taken: the connection is the proxy's again
    assert one.whose() == "10.0.0.1"


@pytest.mark.parametrize("waits_for", ["a turn", "to be read"])
def test_who_holds_all_places_with_whole_requests_gives_some_back(monkeypatch, waits_for):
    let = threading.Event()

    def slow(environ, start):
        if environ["REMOTE_ADDR"] == "127.0.0.3" and waits_for == "a turn":
            let.wait(60)
        return page(environ, start)

    with serving(monkeypatch, page=slow, CONNECTIONS=40, PATIENCE_S=60) as there:
        held = [from_(there, "127.0.0.3", ASK % b"/5000000") for _ in range(60)]
        for _ in range(3):
            with from_(there, "127.0.0.2", b"GET /5 HTTP/1.0\r\n\r\n") as one:
                assert whole(one).endswith(b"xxxxx")
        assert len(there.channels) <= 44
        let.set()
        left(there, *held)


def test_whose_connection_is_gone_waits_for_no_turn(queue):
    fill(queue, *["10.0.0.9"] * 4, "10.0.0.1")
    first, mine = queue._waiting["10.0.0.9"][0], queue._waiting["10.0.0.1"][0]
    assert queue.remove(first) and queue.remove(mine) and not queue.remove(mine)
    assert len(queue) == 3 and list(queue._waiting) == ["10.0.0.9"]


def test_who_sends_more_than_may_be_reads_why_and_not_a_broken_connection(monkeypatch):
    """What is still on its way is read and thrown away: left unread, it would reset the connection and its answer."""
    size = 5_000_000
    with serving(monkeypatch) as there, connected(there, asked("/5", size)) as one:
        for _ in range(size // 50_000):
            one.sendall(b"a" * 50_000)
        got = b""
        while more := one.recv(65536):  # nobody catches a reset here
            got += more
        assert got.startswith(b"HTTP/1.1 413 0 of 5000000\r\n")


def test_what_is_thrown_away_is_bounded(monkeypatch):
    with (
        serving(monkeypatch, THROWN_AWAY=1_000_000) as there,
        connected(there, asked("/5", 10**9)) as one,
        pytest.raises((ConnectionResetError, BrokenPipeError)),
    ):
        for _ in range(2_000):
            one.sendall(b"a" * 50_000)
