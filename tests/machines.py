"""Random acts in any order: a hypothesis state machine played so often and so long, the same way in every run."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def play(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    """Play it. What is deterministic about it stands in the profile of tests/conftest.py."""
    how = settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=how)
