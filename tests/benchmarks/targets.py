"""What was to be reached, and whether it is: the ratio of each row, what it must be, and what would be splendid."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen
from endpoints import BARE, CHANX, DCRF_DRF, PLAIN, WSDRF
from report import digits
from results import Results, Spread, spread
from suites.generation import OPEN, STORED

Found = Callable[[Results], Spread | None]


@frozen
class Target:
    """One row: ``found`` gives the figure; it must be at most ``must``, or at least where ``at_least``."""

    what: str
    found: Found
    must: float
    moonshot: float | None
    at_least: bool = False
    unit: str = ""

    def holds(self, figure: float, limit: float) -> bool:
        """Say whether ``figure`` is on the right side of ``limit``."""
        return figure >= limit if self.at_least else figure <= limit


def of(suite: str, column: str, to: str, row: str = WSDRF) -> Found:
    """Compare two rows of a suite."""
    return lambda results: results.ratio(suite, column, row, to)


def plain(suite: str, row: str, column: str, scale: float = 1) -> Found:
    """Take a figure as it is."""

    def find(results: Results) -> Spread | None:
        rounds = results.figures(suite, row, column)
        return spread([figure * scale for figure in rounds]) if rounds else None

    return find


UNBOUND = float("inf")
UVICORN, ON_ASYNCIO = "uvicorn, {}", "uvicorn on asyncio, {}"
TARGETS = [
    Target("a validated, guarded message, against plain Channels", of("message", "us", PLAIN), 0.12, 0.06),
    Target("the same, against Chanx", of("message", "us", CHANX), 0.10, 0.05),
    Target("the same, against djangochannelsrestframework, DRF permission", of("message", "us", DCRF_DRF), 0.07, 0.04),
    Target("the same, against bare ASGI with json", of("message", "us", BARE), UNBOUND, 1.0),
    Target("with a guard that reads the database, against plain Channels", of("database", "us", PLAIN), 1.2, 1.0),
    Target(
        "connect by session, leave, against plain Channels with AuthMiddlewareStack",
        of("connect", "us", f"{PLAIN}, session", f"{WSDRF}, session"),
        1.0,
        0.6,
    ),
    Target(
        "a broadcast delivery to 500, against plain Channels",
        of("broadcast", "us", f"{PLAIN}, 500 members", f"{WSDRF}, 500 members"),
        0.02,
        0.005,
    ),
    Target("an idle connection, against plain Channels", of("memory", "kib", PLAIN), 1.2, 0.7),
    Target(
        "uvicorn, 50 connections: messages a second, against plain Channels",
        of("sockets", "rate50", UVICORN.format(PLAIN), UVICORN.format(WSDRF)),
        2.8,
        3.6,
        at_least=True,
    ),
    Target(
        "the same, against bare ASGI with json",
        of("sockets", "rate50", UVICORN.format(BARE), UVICORN.format(WSDRF)),
        0.8,
        1.0,
        at_least=True,
    ),
    Target(
        "the same, the server's CPU time of a message, against plain Channels",
        of("sockets", "cpu50", UVICORN.format(PLAIN), UVICORN.format(WSDRF)),
        1 / 2.8,
        1 / 3.6,
    ),
    Target(
        "messages a second without uvloop, against plain Channels",
        of("sockets", "rate50", ON_ASYNCIO.format(PLAIN), ON_ASYNCIO.format(WSDRF)),
        UNBOUND,
        None,
    ),
    Target(
        "the same, against bare ASGI with json",
        of("sockets", "rate50", ON_ASYNCIO.format(BARE), ON_ASYNCIO.format(WSDRF)),
        UNBOUND,
        None,
    ),
    Target(
        "median latency while other work keeps Django's thread busy, against idle",
        plain("busy", f"{WSDRF}, Django's thread busy", "ratio"),
        2,
        1.2,
    ),
    Target("the same, while wsdrf's own pool is busy", plain("busy", f"{WSDRF}, its own pool busy", "ratio"), 2, 1.2),
    Target(
        "a message with 1 000 routes, against 10",
        of("growth", "us", f"{WSDRF}, 10 routes", f"{WSDRF}, 1000 routes"),
        1.15,
        1.0,
    ),
    Target(
        "a message with 10 guards inline, against 1",
        of("growth", "us", f"{WSDRF}, 1 guards", f"{WSDRF}, 10 guards"),
        2,
        1.2,
    ),
    Target(
        "a message of 10 KiB, against bare ASGI with json",
        of("growth", "us", f"{BARE}, 10240 B", f"{WSDRF}, 10240 B"),
        1.2,
        1.0,
    ),
    Target("import of wsdrf, over its dependencies", plain("building", "import wsdrf", "ms"), 150, None, unit=" ms"),
    Target("an application of 1 000 actions", plain("building", "1 000 actions", "ms"), 1000, None, unit=" ms"),
    Target("frames a second through a state machine", plain("generation", OPEN, "rate"), 300, None, True),
    Target("the same, with sessions and a database", plain("generation", STORED, "rate"), UNBOUND, None),
]


def table(results: Results) -> str:
    """Write down every target that was measured."""
    lines = ["### To reach\n", "| | found | must | holds | moonshot | reached |", "|---|---|---|---|---|---|"]
    for target in TARGETS:
        found = target.found(results)
        if found is None:
            continue
        sign = ">=" if target.at_least else "<="
        must = "-" if target.must == UNBOUND else f"{sign} {target.must:.3g}{target.unit}"
        moonshot = "-" if target.moonshot is None else f"{sign} {target.moonshot:.3g}"
        holds = "-" if must == "-" else "yes" if target.holds(found.median, target.must) else "NO"
        reached = "-" if target.moonshot is None else "yes" if target.holds(found.median, target.moonshot) else "no"
        figure = f"{digits(found.median)}{target.unit} ({digits(found.low)} - {digits(found.high)})"
        lines.append(f"| {target.what} | {figure} | {must} | {holds} | {moonshot} | {reached} |")
    return "\n".join(lines) + "\n"
