"""Compare wsdrf with its peers, side by side: fresh processes, interleaved rounds, medians, spread and ratios.

``python run.py [SUITE ...] [--quick] [--rounds N] [--json FILE] [--plots FOLDER] [--page FILE]`` prints Markdown
tables, and at the end what was to be reached and whether it is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import page
import report
import targets
from results import Results
from suites import NAMES, Figures, load

HERE = Path(__file__).parent
ROW_SECONDS = 240


def ask(suite: str, row: str, rounds: int, quick: bool) -> Any:
    """Give the figures of one row, from a process of its own; of a suite that is measured together, of all rows."""
    command = [sys.executable, "-W", "ignore", str(HERE / "child.py"), suite, row, str(rounds), *["quick"] * quick]
    environment = os.environ | load(suite).environment(row)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ROW_SECONDS, env=environment)
    if done.returncode:
        raise SystemExit(f"{suite}, {row}: {done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def run_suite(name: str, quick: bool, wanted: int | None) -> Figures:
    """Measure all rows of a suite, as often as there are rounds: A B C A B C."""
    suite = load(name)
    rounds = wanted or (suite.quick_rounds if quick else suite.rounds)
    if suite.together is not None:
        found: Figures = ask(name, "", rounds, quick)
        return found
    figures: Figures = {}
    for _ in range(rounds):
        for row in suite.rows(quick):
            for column, figure in ask(name, row, 1, quick).items():
                figures.setdefault(row, {}).setdefault(column, []).append(figure)
    return figures


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Serve Redis while the run lasts, where ``redis-server`` is installed; give its address, or nothing."""
    program = shutil.which("redis-server")
    if program is None:
        yield ""
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def project() -> Iterator[None]:
    """Make the project's folder and database, and take them away again."""
    with tempfile.TemporaryDirectory(prefix="wsdrf-bench-") as folder, redis(Path(folder)) as address:
        os.environ |= {"WSDRF_BENCH": folder, "WSDRF_BENCH_REDIS": address, "DJANGO_SETTINGS_MODULE": "settings"}
        subprocess.run([sys.executable, "-W", "ignore", str(HERE / "project.py")], check=True)
        yield


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"one of {', '.join(NAMES)}; all of them by default")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller rooms: about two minutes")
    parser.add_argument("--rounds", type=int, help="how often each row is measured")
    parser.add_argument("--json", type=Path, help="keep every figure in this file")
    parser.add_argument("--plots", type=Path, help="draw the growth curves into this folder, as SVG")
    parser.add_argument("--page", type=Path, help="write the tables into this page, between its marks")
    options = parser.parse_args()
    if unknown := set(options.suites) - set(NAMES):
        parser.error(f"there is no suite {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    return options


def main() -> None:
    """Measure, and print what was found."""
    options = parse()
    with project():
        results = Results(machine=report.machine(), versions=report.versions(), quick=options.quick, suites={})
        print(report.heading(results), flush=True)
        for name in options.suites or NAMES:
            started = time.perf_counter()
            results.suites[name] = run_suite(name, options.quick, options.rounds)
            print(report.table(name, results.suites[name]), flush=True)
            print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
            if options.json:
                options.json.write_text(results.as_json())
    print(targets.table(results))
    if options.page:
        options.page.write_text(page.fill(options.page.read_text(), results))
    if options.plots:
        import plots  # matplotlib takes a second, and a run without plots needs none

        plots.draw(results, options.plots)


if __name__ == "__main__":
    main()
