"""Say what was measured, and where: Markdown for people."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from results import Results, ratio, spread
from suites import load

PACKAGES = (
    "django",
    "channels",
    "djangorestframework",
    "attrs",
    "cattrs",
    "msgspec",
    "chanx",
    "djangochannelsrestframework",
    "fastapi",
    "pydantic",
    "litestar",
    "python-socketio",
    "uvicorn",
    "uvloop",
    "daphne",
    "channels-redis",
    "hypothesis",
)


def machine() -> dict[str, Any]:
    """Tell what the figures were measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load before": load,
    }


def versions() -> dict[str, str]:
    """Tell which release of each contender was measured."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def heading(results: Results) -> str:
    """Say where, and with what."""
    where = ", ".join(f"{key}: {value}" for key, value in results.machine.items() if value)
    what = ", ".join(f"{name} {text}" for name, text in results.versions.items())
    return f"{where}\n\n{what}\n\nMedians (lowest - highest round). Ratios of figures of the same round.\n"


def digits(figure: float) -> str:
    """Write a number with three digits that matter."""
    if figure >= 100:
        return f"{figure:,.0f}".replace(",", " ")
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}" if figure >= 1 else f"{figure:.3f}"


def table(name: str, figures: dict[str, dict[str, list[float]]]) -> str:
    """Write the figures of one suite."""
    suite = load(name)
    measured = {column for columns in figures.values() for column in columns}
    shown = {column: title for column, title in suite.columns.items() if column in measured}
    is_compared = any(suite.against(row) in figures for row in figures)
    compared = {column for column in shown if is_compared and not column.startswith(suite.plain)}
    heads = [head for column, title in shown.items() for head in ([title, "x"] if column in compared else [title])]
    lines = [f"### {suite.title} (`{name}`)\n", f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for row, columns in figures.items():
        cells = []
        for column in shown:
            rounds = columns.get(column)
            other = figures.get(suite.against(row) or "", {}).get(column)
            if rounds is None:
                cells += [""] * (2 if column in compared else 1)
                continue
            found = spread(rounds)
            cells.append(f"{digits(found.median)} ({digits(found.low)} - {digits(found.high)})")
            if column in compared:
                cells.append(f"{ratio(rounds, other).median:.3f}" if other else "")
        lines.append(f"| {row} | {' | '.join(cells)} |")
    if compared:
        against = sorted({other for row in figures if (other := suite.against(row))})
        lines.append(f"\nx: as a multiple of {'; '.join(against)}.")
    return "\n".join(lines) + "\n"
