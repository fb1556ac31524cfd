"""The benchmarks run: what looks inside a connection finds there what it looks for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_profile_shares_a_message_out_among_its_steps(tmp_path: Path) -> None:
    """Each step of a message takes its time, and together they take what the whole message takes."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, str(ROOT / "tests/benchmarks/run.py"), "profile", "--quick"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert 0 == done.returncode, done.stderr

    rows = re.findall(r"^\| ([^|]+) \| ([\d.]+) \([^|]+\) \|", done.stdout, re.MULTILINE)
    *parts, (whole, took) = [(name, float(figure)) for name, figure in rows]
    assert ("the whole message", 7) == (whole, len(parts))
    assert 0 < min(figure for name, figure in parts if name != "turns, contexts, limits")
    assert abs(took - sum(figure for _, figure in parts)) < 0.1 * took
