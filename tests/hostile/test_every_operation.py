"""Every operation of the interface, by everybody, with what its own description allows and what it does not: whatever
comes back is one of the answers the description names, and never a fault of ours. schemathesis makes it up; the same in
every run."""

import contextlib
import functools
import itertools
import logging
import unittest

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from engine.people import holders, login
from engine.store.models import Holding, Post, User
from tests.soaking import times

ROLES = (None, "zhang", "chen", "wang", "zhou", "zhao", "wu", "designer", "operator", "security", "auditor")


@pytest.mark.wide
def test_a_few_made_up_calls_of_each_operation_break_nothing(hall, caplog):
    """Each by one of them, in turn."""
    every_operation(hall, lambda n: [ROLES[n % len(ROLES)]], caplog, 1)


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "nobody")
def test_many_made_up_calls_of_each_operation_break_nothing(hall, role, caplog):
    every_operation(hall, lambda n: [role], caplog, times(30))


def every_operation(hall, whose, caplog, each):
    hall.submit()
    administrators(hall)
    hall.app.config["PROPAGATE_FAULTS"] = False
    caplog.set_level(logging.ERROR)
    tokens = {role: token(hall, role) for role in ROLES if role}
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", hall.app)
    broken, called = {}, 0

    def judge(operation, role, case):
        nonlocal called
        answer = case.call(headers={"Authorization": f"Bearer {tokens[role]}"} if role else {})
        called += 1
        if str(answer.status_code) not in operation.definition.raw["responses"]:
            sent = f"{case.path_parameters} {case.query} {str(case.body)[:300]}"
            broken.setdefault(f"{role} {operation.label}: {answer.status_code}", sent)

    for n, found in enumerate(schema.get_all_operations()):
        operation = found.ok()
        if operation.definition.raw["operationId"] == "sign_out":
            continue  # whoever it succeeds for is nobody afterwards
        for role, mode in itertools.product(whose(n), (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)):
            made_up(functools.partial(judge, operation, role), operation.as_strategy(generation_mode=mode), each)
    assert broken == {}
    assert called > 100
    assert [one.getMessage() for one in caplog.records] == []


def administrators(hall):
    """The two of the three that the cast has not: they hold nothing else. Once: a module's tests share their hall."""
    if "security" in hall.cast.users:
        return
    with hall.database.unit_of_work() as work:
        for role in ("security", "auditor"):
            post = Post(code=role, name=role, name_en=role, role=role)
            user = User(kind="staff", login=role, name=role, created_at=hall.clock())
            work.session.add_all([post, user])
            work.session.flush()
            work.session.add(Holding(user_id=user.id, unit_id=hall.cast.county.id, post_id=post.id))
            hall.cast.users[role] = user.id
        holders.forget(work)


def token(hall, role):
    with hall.database.unit_of_work() as work:
        return login.new_token(work, hall.cast.users[role], now=hall.clock())


def made_up(judge, calls, times):
    """Judge so many calls, always the same; of an operation that takes nothing no call is wrong, and none is made."""

    @settings(
        max_examples=times,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
        deadline=None,
    )
    @given(calls)
    def call(case):
        judge(case)

    with contextlib.suppress(Unsatisfiable, unittest.SkipTest, pytest.skip.Exception):
        call()
