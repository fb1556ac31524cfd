"""The TypeScript compiler, at exactly the version of the lock file."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from tests import node

HERE = Path(__file__).parent
STRICT = ("--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--noImplicitOverride")


@frozen
class Compiler:
    """The compiler, installed in ``folder``."""

    folder: Path

    def compile(self, *files: Path, into: Path, lib: str = "es2022,dom") -> str:
        """Compile strictly, with ``lib`` as what the platform has; give what the compiler says."""
        settings = ["--target", "es2022", "--module", "nodenext", "--lib", lib]
        return self.run(*STRICT, *settings, "--outDir", str(into), *map(str, files))

    def run(self, *arguments: str) -> str:
        """Run ``tsc``, and give what it says."""
        done = subprocess.run(
            ["node", str(self.folder / "node_modules" / "typescript" / "bin" / "tsc"), *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )
        return done.stdout + done.stderr


def install(folder: Path, require: Callable[[str, str], str]) -> Compiler:
    """Install the compiler; without node, npm or a registry, skip at home and fail in CI."""
    node.install(HERE, folder, require)
    return Compiler(folder)
