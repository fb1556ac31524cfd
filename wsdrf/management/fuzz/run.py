"""Try each consumer for its share of the time: who comes, by which machine, and what is kept of a failure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from time import monotonic
from typing import Any

from asgiref.sync import async_to_sync
from attrs import evolve, field, frozen
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.core.management.base import CommandError
from hypothesis.errors import HypothesisException

from wsdrf.connection.blueprint import blueprint_of
from wsdrf.consumer import Consumer
from wsdrf.management.fuzz.remote import Address, RemoteRecorder, Visitor
from wsdrf.management.fuzz.script import conceal, with_roles
from wsdrf.management.fuzz.steps import Place, Record
from wsdrf.management.fuzz.trial import Failure, Recorder, Trial, recording, search
from wsdrf.management.roles import read_roles
from wsdrf.strategies import state_machine
from wsdrf.strategies.machine.roles import Guest, uses_session
from wsdrf.testing.matrix import CONNECT, draw


@frozen
class Party:
    """Who takes part: users, tokens and ``None`` by role, and the word of the command line that stands for each."""

    people: Mapping[str, Any] = field(repr=False)
    words: Mapping[str, str | None]

    @property
    def secrets(self) -> dict[str, str]:
        """Give the tokens and headers, by role."""
        return {role: who for role, who in self.people.items() if isinstance(who, str)}

    def makers(self) -> dict[str, Any]:
        """Give the people as a machine takes them: users are found anew in each conversation."""
        return {role: who if who is None or isinstance(who, str) else _finder(who) for role, who in self.people.items()}


@frozen
class Job:
    """A consumer to try, and where: in this process, or at the ``url`` of a server."""

    consumer: type[Consumer]
    path: str
    url: str | None = None

    @property
    def place(self) -> Place:
        """Give what a file says of it: a query may hold a secret, so that of a server's is left out."""
        name = f"{self.consumer.__module__}.{self.consumer.__qualname__}"
        return Place(name, self.path, None if self.url is None else self.url.partition("?")[0])


@frozen
class Budget:
    """How much is tried: until ``deadline``, by the monotonic clock, and ``examples`` conversations at most."""

    deadline: float
    seed: int
    examples: int | None = None


def invite(words: Sequence[str]) -> Party:
    """Find who ``words`` stand for. Raises ``CommandError`` for somebody unknown."""
    people = read_roles(words)
    said = {
        role: None if isinstance(who, str) else word for (role, who), word in zip(people.items(), words, strict=True)
    }
    return Party(people, said)


def seat(job: Job, party: Party) -> Party:
    """Put those first who are let in, as far as that is known: a machine in want of somebody takes the first."""
    if job.url is None:
        verdicts = async_to_sync(draw)(job.consumer, party.people, job.path).verdicts[CONNECT]
        refused = {role for role, verdict in verdicts.items() if not verdict.is_allowed}
    else:
        refused = {role for role, who in party.people.items() if who is None}
    order = sorted(party.people, key=lambda role: role in refused)
    return Party({role: party.people[role] for role in order}, {role: party.words[role] for role in order})


def invite_again(record: Record, words: Sequence[str]) -> Party:
    """Find who took part in a conversation; ``words`` name those whom its file does not.

    Raises ``CommandError`` where somebody is missing.
    """
    said = invite(words)
    known = invite([word for role, word in record.roles.items() if word is not None and role not in said.people])
    people = {**known.people, **said.people}
    missing = [role for role in record.roles if role not in people]
    if missing:
        raise CommandError(f"Secrets are not saved. Say who {missing[0]!r} is, with --as LABEL=token:TOKEN.")
    return Party({role: people[role] for role in record.roles}, {**known.words, **said.words})


def attempt(job: Job, party: Party, budget: Budget, options: Mapping[str, Any], tick: Callable[[Trial], None]) -> Trial:
    """Try one consumer; what is found is the trial's ``failure``.

    Raises ``ConfigurationError`` where nobody can be connected, ``ValueError`` for a consumer without actions,
    ``CommandError`` where no call can be drawn.
    """
    trial = Trial(budget.deadline, tick)
    with _machine(job, party, options, trial) as machine:
        try:
            trial.failure = search(machine, budget.seed, budget.examples)
        except HypothesisException as error:
            raise CommandError(f"Nothing can be drawn for {job.consumer.__qualname__}: {error}") from error
    return trial


def replay(job: Job, party: Party, record: Record) -> Failure | None:
    """Hold a conversation again, and give what fails this time."""
    trial = Trial(float("inf"))
    with _machine(job, party, record.options, trial) as machine:
        machine().repeat(record.steps)
    return trial.failure


def keep(job: Job, party: Party, budget: Budget, failure: Failure, options: Mapping[str, Any]) -> Record:
    """Make of a failure what is printed and saved; no secret is in it."""
    said = {role: word and word.removeprefix(f"{role}=") for role, word in party.words.items()}
    test = failure.test if job.url is not None else with_roles(failure.test, said)
    return Record(
        place=job.place,
        finding=failure.finding,
        problem=conceal(failure.problem, party.secrets),
        test=conceal(test, party.secrets),
        seed=budget.seed,
        steps=failure.steps,
        roles=party.words,
        options=options,
    )


def share(jobs: Sequence[Job], seconds: float, budget: Budget) -> Generator[tuple[Job, Budget], None, None]:
    """Give each of ``jobs`` its share of what is left of the time when its turn comes."""
    end = monotonic() + seconds
    for number, job in enumerate(jobs):
        now = monotonic()
        yield job, evolve(budget, deadline=now + (end - now) / (len(jobs) - number))


@contextmanager
def _machine(job: Job, party: Party, options: Mapping[str, Any], trial: Trial) -> Generator[type[Recorder], None, None]:
    if job.url is None:
        made = state_machine(job.consumer, party.makers(), path=job.path, **_read(options))
        yield recording(made, trial)
        return
    made = state_machine(job.consumer, party.makers(), path=job.path, losses=None, **_read(options))
    with _visitors(job.consumer, party.people) as visitors:
        machine = recording(made, trial, RemoteRecorder)
        machine.address = Address(job.url, visitors)
        yield machine


def _read(options: Mapping[str, Any]) -> Any:
    return {name: value for name, value in options.items() if name in {"closes", "endless", "patience", "shrink_for"}}


@contextmanager
def _visitors(consumer: type[Consumer], people: Mapping[str, Any]) -> Generator[dict[str, Visitor], None, None]:
    """Give each user a session in the project's own store, which the server shares, and end it afterwards."""
    access = blueprint_of(consumer, Consumer).access
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore
    sessions: list[Any] = []
    visitors: dict[str, Visitor] = {}
    try:
        for role, who in people.items():
            if who is None or isinstance(who, str):
                visitors[role] = Visitor(token=who)
                continue
            if not uses_session(Guest(role, user=who), access):
                raise CommandError(
                    f"{consumer.__qualname__} reads no sessions, and a server knows {role!r} by nothing else. "
                    "Say --as token:TOKEN, or --as header:'Token ...'."
                )
            session = store()
            session[SESSION_KEY] = who._meta.pk.value_to_string(who)
            session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
            session[HASH_SESSION_KEY] = who.get_session_auth_hash()
            session.create()
            session.save()
            sessions.append(session)
            visitors[role] = Visitor(cookie=f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
        yield visitors
    finally:
        for session in sessions:
            session.delete()


def _finder(user: Any) -> Callable[[], Any]:
    return partial(get_user_model()._default_manager.get, pk=user.pk)
