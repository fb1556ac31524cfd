"""What tests have from npm: packages at exactly the versions of a lock file."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import IN_CI

SECONDS = 200


def install(source: Path, folder: Path, require: Callable[[str, str], str]) -> Path:
    """Install what the lock file in ``source`` names, and give where; without npm or a registry, skip at home and fail in CI."""
    for tool in ("node", "npm"):
        require(tool, "apt-get install nodejs npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy2(source / name, folder / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS)
    if done.returncode != 0:
        reason = f"npm cannot install what {source.name}/package.json asks for:\n{done.stderr[-500:]}"
        pytest.fail(reason, pytrace=False) if IN_CI else pytest.skip(reason)
    return folder / "node_modules"
