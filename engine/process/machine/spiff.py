"""The one place that touches SpiffWorkflow. Its names, public and private, end here.

What SpiffWorkflow gives: the life of a task (its states, its completion, its tree of children), the registry
of a workflow's tasks, and specs that know their name and their neighbours. What is ours: everything BPMN means. Its own
BPMN specs predict every path ahead, keep the whole tree of finished tasks, read the clock and run Python; none of that
is used. Tested against 3.1.2, the locked version, and the newest 3.x (`make spiff`).
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

FUTURE: int = TaskState.FUTURE
WAITING: int = TaskState.WAITING
READY: int = TaskState.READY
STARTED: int = TaskState.STARTED
COMPLETED: int = TaskState.COMPLETED
ERROR: int = TaskState.ERROR
CANCELLED: int = TaskState.CANCELLED
OVER = COMPLETED | CANCELLED


class Net(WorkflowSpec):  # type: ignore[misc]
    """A set of specs by name. SpiffWorkflow's implicit Start, End and Root are not made."""

    def __init__(self, name: str, file: str) -> None:
        super().__init__(name, file)


class Spec(TaskSpec):  # type: ignore[misc]
    """A task spec without prediction: a token enters, and later it leaves."""

    name: str

    def __init__(self, net: Net, name: str) -> None:
        super().__init__(net, name, inputs=[], outputs=[])

    def entered(self, token: Any) -> bool | None:
        """A token begins its visit. True: done at once. None: something completes it later."""
        raise NotImplementedError

    def left(self, token: Any) -> None:
        """A token's visit is complete."""
        raise NotImplementedError

    # -------- SpiffWorkflow's hooks

    def _on_complete(self, my_task: Any) -> None:
        self.left(my_task)

    def _on_cancel(self, my_task: Any) -> None:
        pass

    def _on_error(self, my_task: Any) -> None:
        pass


class Visit(Task):  # type: ignore[misc]
    """A task of SpiffWorkflow at one node, made without its clock, its random id and its pool of thread numbers."""

    id: str
    data: dict[str, Any]
    internal_data: dict[str, Any]

    def __init__(self, run: Run, spec: Spec, id: str, parent: Visit | None) -> None:
        self.id = id
        self.workflow = run
        self.task_spec = spec
        self._parent = parent.id if parent is not None else None
        self._children: list[str] = []
        self._state = FUTURE
        self.triggered = False
        self.thread_id = 0
        self.data = {}
        self.internal_data = {}
        self.last_state_change = 0.0
        run.tasks[id] = self
        if parent is not None:
            parent._child_added_notify(self)

    @property
    def is_inner(self) -> bool:
        """Whether it is one instance of the loop that its parent is."""
        return self._parent is not None

    @property
    def parent_id(self) -> str | None:
        return self._parent

    def lose(self, child: str) -> None:
        if child in self._children:
            self._children.remove(child)

    def become(self, state: int) -> None:
        """Another state. What is over stays over: a node may be interrupted by what it does itself."""
        self._set_state(state)

    def force(self, state: int) -> None:
        """Another state, whatever it was."""
        self._state = state

    def run(self) -> bool | None:
        """Enter the node. SpiffWorkflow's own does the same, but 3.1 reads the clock before it."""
        done: bool | None = self.task_spec.entered(self)
        if done is None:
            self.become(STARTED)
        else:
            self.complete()
        return done

    def _set_state(self, value: int) -> None:
        # SpiffWorkflow reads the clock and writes a log line here; a pure function does neither.
        if not self._state & OVER:
            self._state = value


class Run(Workflow):  # type: ignore[misc]
    """A workflow whose tasks we make, move and forget ourselves."""

    def __init__(self, net: Net) -> None:
        super().__init__(net, deserializing=True)
        self.task_tree = None

    # SpiffWorkflow calls these; nothing needs them
    def _task_completed_notify(self, task: Any) -> None:
        pass

    def collect_log_extras(self, dct: dict[str, Any] | None = None) -> dict[str, Any]:
        return dct or {}
