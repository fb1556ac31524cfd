"""Run a program in several processes, each with hashes of its own, to see that none of them shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SEEDS = ("1", "2")
SETUP = "import django; django.setup()\n"


def printed_by(program: str) -> set[str]:
    """Run ``program`` once for each seed of hashing, and give the texts that were printed."""
    known = {"PYTHONPATH": os.pathsep.join(sys.path), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    runs = (
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=os.environ | known | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        for seed in SEEDS
    )
    return {run.stdout for run in runs}
