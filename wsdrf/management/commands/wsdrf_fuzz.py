"""Try consumers with generated conversations, and keep each that fails so that it can be held again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import SystemRandom
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.test.utils import override_settings

from wsdrf.connection.mounts import Mount
from wsdrf.exceptions import ConfigurationError, WsdrfError
from wsdrf.management.asking import confirm
from wsdrf.management.fuzz.progress import Progress
from wsdrf.management.probe import sealed
from wsdrf.management.roles import HELP
from wsdrf.management.survey import mount_at, survey_project
from wsdrf.management.tables import show

NEEDED: Final = {
    "hypothesis": "wsdrf_fuzz needs hypothesis, which is not installed. Install it with: pip install 'wsdrf[testing]'",
    "websockets": "--url needs websockets, which is not installed. Install it with: pip install websockets",
}
FOLDER: Final = Path(".wsdrf-fuzz")
FAILED: Final = 1
MISUSED: Final = 2
QUESTION: Final = (
    "Everything that the actions do is really done by the server at {url}, for everybody that --as names, and nothing "
    "of it is undone."
)


class Command(BaseCommand):
    """Print for each consumer how its calls were answered, and the shortest conversation found that fails.

    Exits with 1 where one fails, and with 2 where nothing could be tried.
    """

    help = "Try consumers with generated conversations: valid, nearly valid and hostile, of several people."
    # They would import the application before this command has made room for a client called testserver.
    requires_system_checks: list[str] | tuple[str, ...] | Literal["__all__"] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to try, as whom, for how long, and what to do with failures."""
        parser.add_argument("paths", nargs="*", metavar="path", help="where to connect: /ws/rooms/1/ (every consumer)")
        parser.add_argument("--as", action="append", dest="roles", metavar="WHO", help=HELP)
        parser.add_argument("--time", type=float, default=60.0, metavar="SECONDS", help="for how long, in all (60)")
        parser.add_argument("--examples", type=int, metavar="N", help="at most so many conversations a consumer")
        parser.add_argument("--seed", type=int, help="begin with the same conversations as a run before")
        parser.add_argument("--url", help="a server that runs, and where to connect: ws://127.0.0.1:8000/ws/rooms/1/")
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive", help="do not ask")
        parser.add_argument("--endless", action="append", default=[], metavar="ACTION", help="a stream without an end")
        parser.add_argument(
            "--closes",
            action="append",
            type=int,
            default=[],
            metavar="CODE",
            help="a close code that the consumer uses",
        )
        parser.add_argument("--patience", type=float, default=5.0, help="how many seconds an answer is waited for (5)")
        parser.add_argument(
            "--shrink", type=float, metavar="SECONDS", help="for how long to shrink a failure (10, or 20)"
        )
        parser.add_argument("--save", type=Path, default=FOLDER, metavar="DIR", help=f"keep failures there ({FOLDER})")
        parser.add_argument("--replay", type=Path, metavar="FILE", help="hold a conversation that was saved again")

    def handle(self, *args: Any, **options: Any) -> None:
        """Try, or replay. Raises ``CommandError`` with what is wrong, and the exit code."""
        try:
            verdict = self._run(options)
        except CommandError as error:
            raise CommandError(str(error), returncode=MISUSED) from None
        except (WsdrfError, OSError) as error:
            raise CommandError(str(error), returncode=MISUSED) from error
        if verdict:
            raise CommandError(verdict, returncode=FAILED)

    def _run(self, options: dict[str, Any]) -> str:
        _check(options)
        fuzz: Any = _import("hypothesis", "wsdrf.management.fuzz.run")
        record = None if options["replay"] is None else _read(options["replay"])
        if record is not None and record.place.url is not None and options["url"] is None:
            options["url"] = record.place.url
        with ExitStack() as stack:
            if options["url"] is None:
                hosts = settings.ALLOWED_HOSTS or ([".localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
                stack.enter_context(sealed())
                stack.enter_context(override_settings(ALLOWED_HOSTS=[*hosts, "testserver"]))
            else:
                _import("websockets", "websockets")
                if options["interactive"]:
                    confirm(QUESTION.format(url=options["url"].partition("?")[0]), self.stderr)
            if record is not None:
                return self._replay(fuzz, record, options)
            return self._try(fuzz, list(self._jobs(fuzz, options)), options)

    def _jobs(self, fuzz: Any, options: dict[str, Any]) -> Iterator[Any]:
        mounts = [mount for mount in survey_project().mounts if not mount.obstacle]
        if options["url"] is not None:
            yield _job(fuzz, mounts, urlsplit(options["url"]).path or "/", options["url"])
            return
        for path in options["paths"]:
            yield _job(fuzz, mounts, path)
        for mount in mounts if not options["paths"] else ():
            if mount.parameters:
                self.stderr.write(f"{mount.name} is left out: say where at {mount.path} to connect.")
            elif not mount.consumer_class.routes:
                self.stderr.write(f"{mount.name} is left out: it has no actions.")
            else:
                yield fuzz.Job(mount.consumer_class, mount.path)

    def _try(self, fuzz: Any, jobs: list[Any], options: dict[str, Any]) -> str:
        if not jobs:
            raise CommandError("There is no consumer to try.")
        party = fuzz.invite(options["roles"] or ["anonymous"])
        seed = SystemRandom().randrange(2**32) if options["seed"] is None else options["seed"]
        known = {name: options[name] for name in ("closes", "endless", "patience")}
        known["shrink_for"] = options["shrink"] or (10.0 if options["url"] is None else 20.0)  # servers are slower
        progress = Progress(self.stderr, options["time"])
        failing = 0
        for job, budget in fuzz.share(jobs, options["time"], fuzz.Budget(0.0, seed, options["examples"])):
            name = job.consumer.__qualname__

            def tick(trial: Any, name: str = name) -> None:
                progress.show(name, trial.tally.conversations, trial.tally.total)

            seated = fuzz.seat(job, party)
            try:
                trial = fuzz.attempt(job, seated, budget, known, tick)
            except ValueError as error:
                raise CommandError(str(error)) from error
            finally:
                progress.end()
            self._sum_up(job, party, budget, trial)
            if trial.failure is not None:
                failing += 1
                self._tell(fuzz.keep(job, seated, budget, trial.failure, known), options["save"])
        return (
            f"{failing} of {len(jobs)} {'consumer fails' if len(jobs) == 1 else 'consumers fail'}." if failing else ""
        )

    def _sum_up(self, job: Any, party: Any, budget: Any, trial: Any) -> None:
        where = job.place.url or job.path
        title = f"{job.consumer.__qualname__}  {where}  {trial.tally.conversations} conversations, seed {budget.seed}"
        show(trial.tally.table(title, job.consumer.routes, party.people), self.stdout)

    def _tell(self, record: Any, folder: Path) -> None:
        file = record.save(folder)
        self.stdout.write(f"\n{record.finding}: {record.problem}\n\n{record.test}\n")
        self.stdout.write(f"Saved. Hold it again with: manage.py wsdrf_fuzz --replay {file}\n")

    def _replay(self, fuzz: Any, record: Any, options: dict[str, Any]) -> str:
        mounts = [mount for mount in survey_project().mounts if not mount.obstacle]
        url = options["url"]
        job = _job(fuzz, mounts, record.place.path if url is None else urlsplit(url).path or "/", url)
        party = fuzz.invite_again(record, options["roles"] or [])
        try:
            failure = fuzz.replay(job, party, record)
        except (IndexError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, ConfigurationError):
                raise
            raise CommandError(
                f"{options['replay']} is no conversation with {job.place.consumer}: {error!r}"
            ) from error
        if failure is None:
            self.stdout.write("It does not fail any more.")
            return ""
        again = fuzz.keep(job, party, fuzz.Budget(0.0, record.seed), failure, record.options)
        self.stdout.write(f"{again.finding}: {again.problem}\n\n{again.test}\n")
        return "It still fails." if again.finding == record.finding else f"It fails otherwise now: {again.finding}."


def _check(options: dict[str, Any]) -> None:
    for name in ("time", "patience", "shrink"):
        if options[name] is not None and not 0 < options[name] < math.inf:
            raise CommandError(f"--{name} takes a number of seconds above 0.")
    if options["examples"] is not None and options["examples"] < 1:
        raise CommandError("--examples takes a number above 0.")
    if options["url"] is not None and urlsplit(options["url"]).scheme not in {"ws", "wss"}:
        raise CommandError("--url takes an address of ws:// or wss://.")
    if options["url"] is not None and options["paths"]:
        raise CommandError("--url says where to connect, so give no path beside it.")


def _import(library: str, module: str) -> Any:
    if find_spec(library) is None:
        raise CommandError(NEEDED[library])
    return import_module(module)


def _read(file: Path) -> Any:
    steps: Any = import_module("wsdrf.management.fuzz.steps")
    try:
        return steps.read_record(file)
    except ValueError as error:
        raise CommandError(str(error)) from None


def _job(fuzz: Any, mounts: Iterable[Mount], path: str, url: str | None = None) -> Any:
    return fuzz.Job(mount_at(mounts, path).consumer_class, path, url)
