"""Compare the contenders side by side: fresh processes, interleaved rounds, medians and ratios.

``python run.py [--rounds 5] [--count 5000] [--json FILE]`` prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
FRESHNESS = [f"wsdrf, {login}, revalidate_after={age}" for login in ("session", "token") for age in (None, 5, 0)]
NAMES = ["bare ASGI, json", "plain Channels", "wsdrf", *FRESHNESS]
BASELINE = "plain Channels"


def measure(name: str, count: int) -> float:
    """Give the microseconds of CPU time of one message, from a process of its own."""
    done = subprocess.run(
        [sys.executable, str(HERE / "message.py"), name, str(count)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(options.rounds):
        for name in NAMES:
            figures[name].append(measure(name, options.count))
    versions = {name: version(name) for name in ("django", "channels", "djangorestframework", "attrs", "cattrs")}
    print(f"Python {platform.python_version()}, " + ", ".join(f"{name} {text}" for name, text in versions.items()))
    print("A checked message and its answer, CPU time of the process, medians; the harness is part of each figure.\n")
    print("| | a message, µs | lowest - highest | x plain Channels |\n|---|---|---|---|")
    baseline = statistics.median(figures[BASELINE])
    for name, times in figures.items():
        median = statistics.median(times)
        print(f"| {name} | {median:.1f} | {min(times):.1f} - {max(times):.1f} | {median / baseline:.3f} |")
    if options.json:
        options.json.write_text(json.dumps({"versions": versions, "microseconds": figures}, indent=2))


if __name__ == "__main__":
    main()
