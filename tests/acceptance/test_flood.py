"""Those who hold a hall up, and those who want something of it meanwhile: a real web process, real sockets."""

import pytest

from tests.acceptance import serving

SLOW = ("head:400:many", "body:400:many", "reader:200:many")
FLOOD = "flood:50:127.0.3.3"


@pytest.mark.wide
def test_half_sent_requests_of_one_address_stop_nobody(tmp_path):
    with (
        serving.serving(tmp_path / "hall") as hall,
        serving.attacked(hall.port, "head:65", "body:65", "flood:10:127.0.3.3"),
    ):
        assert {serving.ask(hall.port, path, source="127.0.0.77") for path in ["/", "/track", "/healthz"] * 3} == {200}
        # Nor those behind the same address, as a whole village hall may be.
        assert serving.ask(hall.port, source="127.0.0.1") == 200
        assert "Task queue depth" not in hall.log.read_text() and serving.names_nobody(hall.log)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "attack", [SLOW, (FLOOD,), (*SLOW, FLOOD)], ids=["1000 slow", "flood", "1000 slow and a flood"]
)
def test_others_wait_less_than_three_times_as_long(tmp_path, attack):
    with serving.serving(tmp_path / "hall") as hall:
        serving.seconds(hall.port, 30)  # what is made at the first page is made
        quiet = serving.p95(serving.seconds(hall.port, 300))
        with serving.attacked(hall.port, *attack):
            serving.seconds(hall.port, 30)  # whoever has used much is known by now
            attacked = serving.p95(serving.seconds(hall.port, 300))
        print(f"p95 quiet {quiet * 1000:.0f} ms, with {' '.join(attack)} {attacked * 1000:.0f} ms")
        assert attacked < 3 * quiet


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_more_connections_than_there_are_places_let_others_in_all_the_same(tmp_path):
    with serving.serving(tmp_path / "hall") as hall, serving.attacked(hall.port, "head:2500:many"):
        assert max(serving.seconds(hall.port, 100)) < 60
