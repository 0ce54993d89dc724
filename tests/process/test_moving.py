"""A running instance goes on under another version of its drawing: exactly as one that came there on that version, or
not at all, with why."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from engine import process
from engine.errors import NotFound, NotNow
from engine.process import (
    Deliver,
    Fire,
    Jump,
    Moved,
    Reopen,
    Retry,
    Return,
    Start,
    Step,
    match,
    move,
)
from tests.soaking import parts

from .blocks import blocks
from .drawing import definitions, draw, many
from .drawing import process as drawn
from .playing import NOW, begin, complete, load, open_now
from .roaming import LIMIT, Roamer
from .wild import wild


def others(data: bytes) -> tuple[bytes, dict[str, str]]:
    """The same drawing with other ids for its elements and flows."""
    nodes = "Event|Task|task|Gateway|subProcess|transaction|callActivity|adHocSubProcess|sequenceFlow"
    ids = re.findall(rf'<\w*(?:{nodes})\b[^>]* ?\bid="(\w+)"', data.decode())
    new = {id: f"z{n}_{id[::-1]}" for n, id in enumerate(ids)}
    named = re.sub(r'(=")(\w+)(")', lambda m: m[1] + new.get(m[2], m[2]) + m[3], data.decode())
    return named.encode(), new


def chosen(new: dict[str, str], of: str = "p") -> dict[str, str]:
    return {f"{of}/{old}": name for old, name in new.items()}


def said(state: bytes, new: dict[str, str]) -> Any:
    """A state under the other names, but for the words of its incidents, which quote them."""
    whole = json.loads(state)
    whole["i"] = [row[:1] + [new.get(row[1], row[1])] + [row[3]] for row in whole.get("i", [])]
    return {letter: _named(value, new) for letter, value in whole.items()}


def _named(value: Any, new: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {new.get(k, k): _named(v, new) for k, v in value.items()}
    if isinstance(value, list):
        return [_named(v, new) for v in value]
    return new.get(value, value) if isinstance(value, str) else value


def told(step: Step, new: dict[str, str]) -> Any:
    """What a step says to the hall, under the other names."""
    return _named(
        _plain(
            [
                step.finished,
                [(t.id, t.element, t.round, str(t.due), t.instance, t.form) for t in step.open_tasks],
                [t.id for t in step.opened],
                [(c.id, c.element, c.how, c.reason) for c in step.closed],
                [(e.id, e.element, e.kind, dict(e.arguments)) for e in step.effects],
                [(t.id, t.element, str(t.due)) for t in step.timers],
                [t.id for t in step.timers_set],
                list(step.timers_cleared),
                [(s.id, s.element, s.name, s.key) for s in step.subscriptions],
                [list(a) for a in step.awaited],
                [(i.id, i.element, i.code) for i in step.incidents],
                list(step.trace),
            ]
        ),
        new,
    )


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def both(seed: int, steps: int, seen: Counter[str]) -> None:
    """Two of one case are led the same way: one on the old drawing, one that is moved at a moment that the dice say,
    and from then on at every step the two say the same, under other names."""
    draw_ = wild if seed % 3 == 0 else blocks
    data = draw_(seed)
    renamed, new = others(data)
    old, other = load(data, await_effects=True, lint=False), load(renamed, await_effects=True, lint=False)
    matched = match(old, other, chosen(new))
    roamer, dice = Roamer(old, seed), Random(seed)
    roamer.roam(dice.randint(0, 12))
    moved: Step | None = None
    for _ in range(steps):
        if roamer.step.finished or not roamer.moves():
            return
        now = process.move(old, other, matched, roamer.step.state, now=roamer.now)
        assert now.hindrances == (), f"{seed}: {now.hindrances}"
        assert now.step is not None and not now.step.opened and not now.step.closed and not now.step.effects
        assert not now.step.timers_set and not now.step.timers_cleared
        assert said(now.step.state, {}) == said(roamer.step.state, new), seed
        if moved is not None:
            assert said(moved.state, {}) == said(roamer.step.state, new), seed
        moved = moved or now.step
        seen["moved"] += 1
        input = dice.choice(roamer.moves())
        if isinstance(input, Fire):
            roamer.now = max(roamer.now, next(t.due for t in roamer.step.timers if t.id == input.timer_id))
        try:
            after = process.advance(old, roamer.step.state, input, now=roamer.now, limit=LIMIT)
        except (NotNow, NotFound) as refused:
            with pytest.raises(type(refused)):
                process.advance(other, moved.state, _input(input, new), now=roamer.now, limit=LIMIT)
            continue
        moved = process.advance(other, moved.state, _input(input, new), now=roamer.now, limit=LIMIT)
        assert told(moved, {}) == told(after, new), seed
        roamer.step = after
        seen[type(input).__name__] += 1


def _input(input: Any, new: dict[str, str]) -> Any:
    match input:
        case Jump(task, to, given) | Return(task, to, given):
            return type(input)(task, new.get(to, to), given)
    return input


@pytest.mark.parametrize("first", range(0, 120, 30))
def test_what_was_moved_to_a_copy_under_other_names_goes_on_as_what_was_not(first: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(first, first + 30):
        both(seed, 12, seen)
    assert min(seen[kind] for kind in ("Complete", "Fire", "Return", "Jump", "Retry", "Reopen")) > 0


# ---------------------------------------------------------------- what becomes of what


def named(data: bytes, **names: str) -> bytes:
    text = data.decode()
    for id, name in names.items():
        text = text.replace(f' id="{id}"', f' id="{id}" name="{name}"')
    return text.encode()


def what(before: bytes, after: bytes, **said: str) -> dict[str, tuple[str | None, str]]:
    found = match(load(before, lint=False), load(after, lint=False), {f"p/{old}": new for old, new in said.items()})
    return {pair.old: (pair.new, pair.how) for pair in found.pairs}


LINE = ("start s", "user a", "user b", "xor g", "user c", "end e", "s > a > b > g", "g > c [yes]", "g > e *", "c > e")


def test_an_element_is_known_by_its_id_else_by_its_name_else_by_its_neighbours() -> None:
    before = named(draw(*LINE), a="受理", b="审核", c="复核")
    after = named(
        draw(*(line.replace("b", "check").replace("g", "ok") for line in LINE)), a="受理", check="审核", c="复核"
    )
    found = what(before, after)
    assert found["a"] == ("a", "id") and found["b"] == ("check", "name") and found["g"] == ("ok", "place")


def test_a_person_says_what_became_of_an_element_or_that_nothing_did() -> None:
    before = draw("start s", "user a", "end e", "s > a > e")
    after = draw("start s", "user x", "user y", "end e", "s > x > y > e")
    assert what(before, after, a="y")["a"] == ("y", "chosen")
    assert what(before, after, a="")["a"] == (None, "chosen")


def test_an_element_that_became_another_kind_is_found_and_fits_not() -> None:
    found = match(
        load(draw("start s", "user a", "end e", "s > a > e")), load(draw("start s", "task a", "end e", "s > a > e"))
    )
    (pair,) = [pair for pair in found.pairs if pair.old == "a"]
    assert (pair.new, pair.how, pair.fits) == ("a", "id", False)


def test_a_name_that_two_steps_have_tells_nothing_and_what_stands_around_them_does() -> None:
    lines = ("start s", "and f", "user a", "user b", "user c", "and j", "end e", "s > f > a > j", "f > b > c > j > e")
    before, after = named(draw(*lines), a="核验", b="核验"), named(others(draw(*lines))[0], z3_b="核验")
    new = others(draw(*lines))[1]
    found = what(before, after, c=new["c"])
    assert found["b"] == (new["b"], "place"), "the one before c"
    assert found["f"] == (new["f"], "place") and found["j"] == (new["j"], "place")


# ---------------------------------------------------------------- what moves, and what cannot


def tried(before: bytes, after: bytes, *done: str, said: dict[str, str] | None = None, **given: Any) -> Moved:
    old, new = load(before, lint=False), load(after, lint=False)
    step = process.start(old, Start(given), now=NOW)
    for element in done:
        step = complete(old, step, element)
    chosen_ = {f"p/{key}": value for key, value in (said or {}).items()}
    return move(old, new, match(old, new, chosen_), step.state, now=NOW)


def codes(moved: Moved) -> list[str]:
    return [one.code for one in moved.hindrances]


def notes(moved: Moved) -> list[tuple[str, str]]:
    return [(one.code, one.element) for one in moved.notes]


TWO = ("start s", "user a", "user b", "end e", "s > a > b > e")


def test_a_step_ahead_may_be_another_one() -> None:
    moved = tried(draw(*TWO), draw("start s", "user a", "user x", "user y", "end e", "s > a > x > y > e"))
    assert moved.step is not None and open_now(moved.step) == ["a"] and not moved.step.opened
    new = load(draw("start s", "user a", "user x", "user y", "end e", "s > a > x > y > e"))
    assert open_now(complete(new, moved.step, "a")) == ["x"]


def test_a_case_at_a_step_that_is_no_more_stays_until_somebody_says_which_it_is() -> None:
    after = draw("start s", "user x", "task y", "user z", "end e", "s > x > y > z > e")
    moved = tried(draw(*TWO), after, "a", said={"a": "", "b": ""})
    assert codes(moved) == ["gone"] and "没有这一步" in moved.hindrances[0].zh and moved.step is None
    moved = tried(draw(*TWO), after, "a", said={"a": "", "b": "z"})
    assert moved.step is not None and open_now(moved.step) == ["z"]


def test_a_step_that_became_another_kind_or_went_into_a_sub_process_is_waited_out() -> None:
    assert codes(tried(draw(*TWO), draw("start s", "user a", "service b", "end e", "s > a > b > e"), "a")) == ["kind"]
    inside = draw("start s", "user a", "sub t {", "start u", "user b", "u > b", "}", "end e", "s > a > t > e")
    assert codes(tried(draw(*TWO), inside, "a")) == ["scope"]
    assert codes(tried(draw(*TWO), inside)) == []


def vote(done: str = "", each: str = "= x", **how: bool) -> tuple[str, ...]:
    return ("start s", "user a", many("= [1, 2, 3]", "x", "all", each, done, **how), "end e", "s > a > e")


def test_votes_are_kept_where_the_marker_is_the_same_and_waited_out_where_it_is_another() -> None:
    before = draw(*vote())
    for after in (vote(sequential=True), vote(each="= {who: x}"), TWO[:2] + ("end e", "s > a > e")):
        assert codes(tried(before, draw(*after))) == ["loop"]
    moved = tried(before, draw(*vote("= numberOfCompletedInstances > 1")), "a")
    assert codes(moved) == [] and notes(moved) == [("condition", "a")]
    assert moved.step is not None and len(moved.step.open_tasks) == 2
    new = load(draw(*vote("= numberOfCompletedInstances > 1")))
    assert complete(new, moved.step, "a").finished
    assert codes(tried(before, draw(*vote("= numberOfCompletedInstances > 0")), "a")) == ["enough"]


FORKED = ("start s", "and f", "user a", "user b", "and j", "end e", "s > f > a > j > e", "f > b > j")


def test_branches_that_a_join_gathered_stay_gathered_and_a_branch_more_is_not_waited_for_in_vain() -> None:
    more = ("start s", "and f", "user a", "user b", "user c", "and j", "end e", "s > f > a > j > e", "f > b > j")
    before, after = draw(*FORKED), draw(*more, "f > c > j")
    assert codes(tried(before, after)) == ["join"] and "等不齐" not in tried(before, after).hindrances[0].zh
    assert codes(tried(before, after, "a")) == ["join"]
    early = draw("start s", "user first", *FORKED[1:6], "s > first > f > a > j > e", "f > b > j")
    late = draw("start s", "user first", *more[1:7], "s > first > f > a > j > e", "f > b > j", "f > c > j")
    assert codes(tried(early, late)) == [], "before the fork all branches are still to come"
    put_between = draw(*FORKED[:6], "user n", "s > f > a > n > j > e", "f > b > j")
    moved = tried(before, put_between, "a")
    assert notes(moved) == [("passed", "n")] and moved.step is not None
    assert complete(load(put_between), moved.step, "b").finished


def test_a_case_behind_a_fork_that_is_new_is_not_left_at_its_join() -> None:
    before = draw("start s", "user a", "user b", "end e", "s > a > b > e")
    after = draw(*FORKED[:6], "s > f > a > j > e", "f > b > j")
    assert codes(tried(before, after)) == ["join"]
    way_back = draw(
        "start s",
        "xor m",
        "and f",
        "user a",
        "user b",
        "xor g",
        "and j",
        "end e",
        "s > m > f > a > g",
        "g > j [yes]",
        "g > m *",
        "f > b > j > e",
    )
    assert codes(tried(before, way_back)) == ["join"], "a way back to before the fork does not fill the join"


def test_an_event_that_is_new_is_waited_for_from_now_and_one_that_is_no_more_is_not() -> None:
    plain, timed = draw(*TWO), draw(*TWO[:4], "on late a timer:P2D", "end l", "s > a > b > e", "late > l")
    moved = tried(plain, timed)
    assert notes(moved) == [("listens", "late")] and moved.step is not None
    assert [(t.element, t.due) for t in moved.step.timers_set] == [("late", NOW + timedelta(days=2))]
    back = tried(timed, plain)
    assert notes(back) == [("deaf", "late")] and back.step is not None and len(back.step.timers_cleared) == 1


def test_a_time_that_is_over_or_a_condition_that_holds_does_not_happen_by_the_move() -> None:
    for trigger in ("date:2026-01-05T00:00:00", "condition:= n > 1"):
        after = draw(*TWO[:4], f"on late a {trigger}", "end l", "s > a > b > e", "late > l")
        assert codes(tried(draw(*TWO), after, n=2)) == ["past"]


def test_a_timer_keeps_its_moment_though_the_new_version_says_another_and_one_that_rang_rings_not_again() -> None:
    def with_(time: str) -> bytes:
        return draw(*TWO[:4], f"on late a timer:{time} !", "end l", "s > a > b > e", "late > l")

    old, new = load(with_("P2D")), load(with_("P9D"))
    step = process.start(old, Start({}), now=NOW)
    moved = move(old, new, match(old, new), step.state, now=NOW + timedelta(days=1))
    assert notes(moved) == [("date", "late")] and moved.step is not None
    assert [t.due for t in moved.step.timers] == [NOW + timedelta(days=2)]
    step = process.advance(old, step.state, Fire(step.timers[0].id), now=NOW + timedelta(days=2))
    moved = move(old, new, match(old, new), step.state, now=NOW + timedelta(days=3))
    assert moved.step is not None and moved.step.timers == ()


def test_a_message_is_awaited_under_the_name_the_new_version_gives_it() -> None:
    old = load(draw("start s", "receive r M", "end e", "s > r > e"))
    new = load(draw("start s", "receive r N_keyed", "end e", "s > r > e"))
    step = process.start(old, Start({"key": "17"}), now=NOW)
    moved = move(old, new, match(old, new), step.state, now=NOW).step
    assert moved is not None
    assert [(s.id, s.name, s.key) for s in moved.subscriptions] == [(step.subscriptions[0].id, "N_keyed", "17")]
    assert process.advance(new, moved.state, Deliver("N_keyed", "17"), now=NOW).finished


def test_a_case_without_the_key_that_the_new_version_asks_for_is_not_left_to_wait_in_vain() -> None:
    old = load(draw("start s", "receive r N_keyed", "end e", "s > r > e"))
    text = draw("start s", "receive r N_keyed", "end e", "s > r > e")
    new = load(text.replace(b"= key", b"= another"), lint=False)
    step = process.start(old, Start({"key": "17"}), now=NOW)
    assert codes(move(old, new, match(old, new), step.state, now=NOW)) == ["key"]


def test_what_waits_for_an_answer_waits_for_the_same() -> None:
    before = draw("start s", "service w test.one", "end e", "s > w > e")
    old = load(before, await_effects=True)
    new = load(before.replace(b"test.one", b"test.two"), await_effects=True)
    step = process.start(old, Start({}), now=NOW)
    assert codes(move(old, new, match(old, new), step.state, now=NOW)) == ["effect"]


def test_a_step_that_is_no_more_is_none_that_one_goes_back_to() -> None:
    before = draw("start s", "user a", "user b", "user c", "end e", "s > a > b > c > e")
    after = draw("start s", "user a", "user c", "end e", "s > a > c > e")
    moved = tried(before, after, "a", "b").step
    assert moved is not None
    (task,) = moved.open_tasks
    new = load(after)
    assert process.returnable(new, moved.state, task.id) == [("a", "")]
    assert open_now(process.advance(new, moved.state, Return(task.id, "a"), now=NOW)) == ["a"]


def test_a_step_is_taken_back_after_the_move_unless_branches_met_that_the_new_version_does_not_know() -> None:
    old, step = begin(draw(*TWO))
    id = step.open_tasks[0].id
    step = complete(old, step, "a")
    new = load(draw("start s", "user z", "user b", "end e", "s > z > b > e"))
    moved = move(old, new, match(old, new, {"p/a": "z"}), step.state, now=NOW).step
    assert moved is not None and open_now(process.advance(new, moved.state, Reopen(id), now=NOW)) == ["z"]
    forked = load(draw(*FORKED[:5], "user c", "end e", "s > f > a > j > c > e", "f > b > j"))
    step = process.start(forked, Start({}), now=NOW)
    id = next(t.id for t in step.open_tasks if t.element == "b")
    step = complete(forked, complete(forked, step, "a"), "b")
    line = load(draw("start s", "user a", "user b", "user c", "end e", "s > a > b > c > e"))
    moved = move(forked, line, match(forked, line), step.state, now=NOW).step
    assert moved is not None
    with pytest.raises(NotNow, match="the branches have met"):
        process.advance(line, moved.state, Reopen(id), now=NOW)


def test_a_case_that_an_expression_stopped_is_moved_to_where_it_is_right_and_goes_on_by_a_retry() -> None:
    def dated(due: str) -> bytes:
        own = f'<extensionElements><zeebe:taskSchedule dueDate="{due}"/></extensionElements>'
        return draw("start s", "user a", "  " + own, "end e", "s > a > e")

    old, new = load(dated("=day"), lint=False), load(dated("=date(day)"), lint=False)
    step = process.start(old, Start({"day": "someday"}), now=NOW)
    (incident,) = step.incidents
    moved = move(old, new, match(old, new), step.state, now=NOW).step
    assert moved is not None and [i.id for i in moved.incidents] == [incident.id]
    after = process.advance(new, moved.state, Retry(incident.id, {"day": "2026-04-01"}), now=NOW)
    assert open_now(after) == ["a"] and not after.incidents


def test_what_was_done_and_could_be_undone_keeps_what_undoes_it_or_the_case_stays() -> None:
    undone = (
        "start s",
        "user a",
        "on u a compensate",
        'user back isForCompensation="true"',
        "undo u back",
        "user b",
        "throw t compensate",
        "end e",
        "s > a > b > t > e",
    )
    moved = tried(draw(*undone), draw(*undone), "a").step
    assert moved is not None
    assert open_now(complete(load(draw(*undone)), moved, "b")) == ["back"]
    assert codes(tried(draw(*undone), draw(*TWO), "a")) == ["undo"]


def test_a_called_process_runs_on_and_the_step_must_call_the_same() -> None:
    def two(called: str, *more: str) -> Any:
        inner = [drawn("start t", "user u", "end f", "t > u > f", id=id) for id in ("q", *more)]
        own = f'<extensionElements><zeebe:calledElement processId="{called}"/></extensionElements>'
        return load(definitions(drawn("start s", "call k", "  " + own, "end e", "s > k > e"), *inner), lint=False)

    old, same, other = two("q"), two("q", "r"), two("r", "r")
    step = process.start(old, Start({}, "p"), now=NOW)
    moved = move(old, same, match(old, same), step.state, now=NOW).step
    assert moved is not None and complete(same, moved, "u").finished
    assert codes(move(old, other, match(old, other), step.state, now=NOW)) == ["call"]


def test_a_case_that_has_ended_is_not_moved() -> None:
    old, step = begin(draw(*TWO))
    step = complete(old, complete(old, step, "a"), "b")
    with pytest.raises(NotNow):
        move(old, old, match(old, old), step.state, now=NOW)


# ---------------------------------------------------------------- a step more, ahead


def with_a_step_more(data: bytes, dice: Random) -> bytes:
    """The drawing with one step put into one of its flows."""
    flows = re.findall(r'<sequenceFlow id="(\w+)" sourceRef="(\w+)" targetRef="(\w+)"', data.decode())
    waits = set(re.findall(r'<eventBasedGateway id="(\w+)"', data.decode()))  # what lies behind one is waited for
    id, source, target = dice.choice([flow for flow in flows if flow[1] not in waits])
    whole = f'<sequenceFlow id="{id}" sourceRef="{source}" targetRef="{target}"'
    text = data.decode().replace(whole, f'<sequenceFlow id="{id}" sourceRef="{source}" targetRef="added"', 1)
    more = f'<userTask id="added"/><sequenceFlow id="added_on" sourceRef="added" targetRef="{target}"/>'
    at = text.index(f'<sequenceFlow id="{id}"')
    return (text[:at] + more + text[at:]).encode()


def ahead(seed: int, steps: int, seen: Counter[str]) -> None:
    """One is led on the old drawing, one the same way on the new; as long as neither has come to what is new, whoever
    is moved is in every byte the one that came there."""
    dice = Random(seed)
    data = (wild if seed % 3 == 0 else blocks)(seed)
    more = with_a_step_more(data, dice)
    old, other = load(data, await_effects=True, lint=False), load(more, await_effects=True, lint=False)
    matched, roamer = match(old, other), Roamer(old, seed)
    came = process.start(other, Start({"n": 0, "m": 1}), now=NOW, limit=LIMIT)
    for _ in range(steps):
        if b'"added' in came.state or roamer.step.finished or not roamer.moves():
            return
        now = process.move(old, other, matched, roamer.step.state, now=roamer.now)
        if now.step is None:
            seen[now.hindrances[0].code] += 1
        else:
            assert said(now.step.state, {}) == said(came.state, {}), seed
            seen["moved"] += 1
        input = dice.choice(roamer.moves())
        if isinstance(input, Fire):
            roamer.now = max(roamer.now, next(t.due for t in roamer.step.timers if t.id == input.timer_id))
        try:
            after = process.advance(old, roamer.step.state, input, now=roamer.now, limit=LIMIT)
            came = process.advance(other, came.state, input, now=roamer.now, limit=LIMIT)
        except (NotNow, NotFound):
            return
        roamer.step = after


def test_what_is_moved_before_it_comes_to_a_new_step_is_as_what_came_there_on_the_new_version() -> None:
    seen: Counter[str] = Counter()
    for seed in range(70):
        ahead(seed, 10, seen)
    assert seen["moved"] > 100 and seen.total() - seen["moved"] < seen["moved"] // 50, seen


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("part", "drawings"), parts(4_000, 1_000))
def test_four_thousand_drawings_go_on_under_other_names(part: int, drawings: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(part * 1_000_000, part * 1_000_000 + drawings):
        both(seed, 25, seen)
    assert seen["moved"] > drawings
