"""Try one consumer with generated conversations for a while, and keep what fails so that it can be held again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from time import monotonic
from types import new_class
from typing import Any, ClassVar, Final

import hypothesis
from attrs import define, field, frozen
from hypothesis import Phase, Verbosity, settings
from hypothesis.errors import Flaky, HypothesisException
from hypothesis.stateful import RuleBasedStateMachine
from typing_extensions import override

from wsdrf.exceptions import ConfigurationError, DeclarationError
from wsdrf.management.fuzz.steps import Step
from wsdrf.management.fuzz.tally import CountingJudge, Tally
from wsdrf.strategies.machine.case import converse, usual_settings
from wsdrf.strategies.machine.findings import Finding
from wsdrf.strategies.machine.machine import ConsumerMachine
from wsdrf.strategies.machine.plan import Utterance
from wsdrf.strategies.machine.scene import Scene, begin, end
from wsdrf.testing.matrix import CONNECT

MANY: Final = 1_000_000
"""Conversations that end no run before its time does."""

OURS: Final = (ConfigurationError, DeclarationError, HypothesisException)
"""What says that nothing can be tried, and no conversation has failed."""


class TimeIsUp(KeyboardInterrupt):
    """End hypothesis' work where nothing was found: an interruption is all that stops it, and is no failure to it."""


@frozen
class Failure:
    """A conversation that failed: the name of the finding, what it says, a test that shows it, and the steps."""

    finding: str
    problem: str
    test: str
    steps: Sequence[Step]


@define
class Trial:
    """The time that one consumer has. ``tick`` is called at each step."""

    deadline: float
    tick: Callable[[Trial], None] = lambda _: None
    tally: Tally = field(factory=Tally)
    failure: Failure | None = None

    def look(self) -> None:
        """Raise ``TimeIsUp`` after the deadline, unless a failure is being shrunk, which has a time of its own."""
        self.tick(self)
        if self.failure is None and monotonic() > self.deadline:
            raise TimeIsUp


class Recorder(ConsumerMachine):
    """A machine that keeps to the time of its trial, counts, and remembers what it did."""

    trial: ClassVar[Trial]

    def __init__(self) -> None:
        self.trial.look()
        # Not ConsumerMachine's own: it would put up a scene in this process, whatever put_up() says.
        RuleBasedStateMachine.__init__(self)
        self.scene: Scene = self.put_up()
        self._steps: list[Step] = []
        self._is_inside = False

    def put_up(self) -> Scene:
        """Make what the conversation happens in."""
        scene = begin(self.plan)
        scene.judge = CountingJudge(scene.judge, self.trial.tally)
        return scene

    def take_down(self, *, check: bool) -> None:
        """Take it down, and ``check`` whether everybody leaves cleanly."""
        end(self.scene, check=check)

    @override
    def teardown(self) -> None:
        failure = sys.exc_info()[1]
        try:
            self.take_down(check=failure is None)
        except Exception as error:
            self._failed(error)
            raise
        if failure is None and not self.trial.tally.is_closed:
            self.trial.tally.conversations += 1

    def repeat(self, steps: Iterable[Step]) -> None:
        """Do what was done once. What fails is the trial's ``failure``."""
        try:
            try:
                for step in steps:
                    getattr(self, step.do)(**step.arguments)
            finally:
                self.teardown()
        except Exception:
            if self.trial.failure is None:
                raise

    @override
    def connect_as(self, role: str, early: Sequence[Utterance] = ()) -> None:
        self._record(Step("connect_as", {"role": role, "early": list(early)}), partial(self._connect, role, early))

    @override
    def say(self, batch: Sequence[tuple[int, Utterance]]) -> None:
        self._record(Step("say", {"batch": list(batch)}), partial(super().say, batch))

    @override
    def leave_from(self, seat: int) -> None:
        self._record(Step("leave_from", {"seat": seat}), partial(super().leave_from, seat))

    @override
    def hang_up_after(self, seat: int, frame: dict[str, Any]) -> None:
        step = Step("hang_up_after", {"seat": seat, "frame": frame})
        self._record(step, partial(super().hang_up_after, seat, frame))

    @override
    def come_back(self, seat: int) -> None:
        self._record(Step("come_back", {"seat": seat}), partial(super().come_back, seat))

    @override
    def cancel_one(self, seat: int, number: int) -> None:
        self._record(Step("cancel_one", {"seat": seat, "number": number}), partial(super().cancel_one, seat, number))

    @override
    def begin_and_cancel_one(self, seat: int, frame: dict[str, Any]) -> None:
        step = Step("begin_and_cancel_one", {"seat": seat, "frame": frame})
        self._record(step, partial(super().begin_and_cancel_one, seat, frame))

    @override
    def lose(self, seat: int, number: int) -> None:
        self._record(Step("lose", {"seat": seat, "number": number}), partial(super().lose, seat, number))

    def admit(self, role: str, early: Sequence[Utterance]) -> None:
        """Have somebody connect."""
        super().connect_as(role, early)

    def _connect(self, role: str, early: Sequence[Utterance]) -> None:
        before = list(self.peers)
        self.admit(role, early)
        new = [peer for peer in self.peers if peer not in before]
        if not new or any(peer.is_in for peer in new):  # else it waits for a token that does not come
            self.trial.tally.note(CONNECT, role, "answered" if new else "refused")

    def _record(self, step: Step, act: Callable[[], None]) -> None:
        if self._is_inside:  # one step of a machine may be several of its others
            act()
            return
        self.trial.look()
        self._steps.append(step)
        self._is_inside = True
        try:
            act()
        except Exception as error:
            self._failed(error)
            raise
        finally:
            self._is_inside = False

    def _failed(self, error: Exception) -> None:
        if isinstance(error, OURS):
            return
        self.trial.tally.is_closed = True
        problem = error.problem if isinstance(error, Finding) else f"{type(error).__name__}: {error}"
        script = error.script if isinstance(error, Finding) else ""
        test = script or self.scene.conversation.write(None, "", self.scene.setting)
        self.trial.failure = Failure(type(error).__name__, problem, test, tuple(self._steps))


def recording(machine: type[ConsumerMachine], trial: Trial, kind: type[Recorder] = Recorder) -> type[Recorder]:
    """Make of ``machine`` one that belongs to ``trial``."""
    namespace = {"trial": trial, "__module__": machine.__module__, "__doc__": machine.__doc__}
    made: type[Recorder] = new_class(machine.__name__, (kind, machine), exec_body=lambda body: body.update(namespace))
    return made


def search(machine: type[Recorder], seed: int, examples: int | None = None) -> Failure | None:
    """Hold conversations until the trial's time is up, or so many ``examples``; give the shortest found that fails.

    Raises what says that no conversation can be held, and ``ValueError`` where none can be drawn.
    """
    using = settings(
        usual_settings(),
        database=None,
        derandomize=False,
        max_examples=examples or MANY,
        phases=[Phase.generate, Phase.shrink],
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
    )
    trial = machine.trial
    try:
        converse(hypothesis.seed(seed)(machine), using)
    except TimeIsUp:
        return None
    except Exception as error:
        if trial.failure is None:
            raise
        if isinstance(error, Flaky):
            once = f"{trial.failure.problem}\nIt does not fail each time."
            return Failure(trial.failure.finding, once, trial.failure.test, trial.failure.steps)
    return trial.failure
