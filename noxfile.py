"""What can be run: ``nox -s demo``, ``nox -s tests``, ``nox --list`` for the rest.

Nothing but Python and nox is needed. The tests run against the wheel, as a user has it, in a tree without the
checkout's own ``wsdrf``: a file that is missing from the wheel is a failing test.
"""

from __future__ import annotations

import re
import shutil
import tarfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "venv"
nox.options.sessions = ["lint", "types", "docs", "tests"]

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
FOLDERS = ("changelog.d", "docs", "examples", "tests")
FILES = ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "noxfile.py", "pyproject.toml")
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
VERSIONS = ("lowest", "newest", "django-6.0")
"""What a corner of the matrix installs: ``django-6.0`` is that release of Django, and the newest of all else."""
EXTRAS = "[testing,yaml]"
UNIT = ("tests/unit", "tests/laws", "tests/test_public_api.py", "tests/test_packaging.py", "tests/test_cost.py")
SHIPPED = ("tests/test_public_api.py", "tests/unit/test_explorer.py", "tests/unit/test_clients_typescript.py")
"""What fails where a file that is no module is missing from the wheel: a page, a script, a runtime."""
WASTE = shutil.ignore_patterns("__pycache__", "_build", "*.sqlite3*", ".hypothesis", "node_modules")


def group(name: str) -> list[str]:
    """Return the requirements of a dependency group."""
    return list(nox.project.dependency_groups(PROJECT, name))


def build_wheel(session: nox.Session) -> Path:
    """Build the wheel from the checkout as it is now, and return its path."""
    dist = Path(session.create_tmp()).resolve() / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.run("python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(dist), str(ROOT))
    (wheel,) = dist.glob("wsdrf-*.whl")
    return wheel


def install_wheel(session: nox.Session, *groups: str, extra: str = "") -> None:
    """Install the wheel as a user would, and what the named dependency groups ask for."""
    requirements = [requirement for name in groups for requirement in group(name)]
    wheel = build_wheel(session)
    session.install(f"wsdrf{extra} @ {wheel.as_uri()}", *requirements)
    # The version does not change from one build to the next, so pip would keep yesterday's wheel.
    session.install("--quiet", "--force-reinstall", "--no-deps", str(wheel))


def copy_tree(session: nox.Session) -> Path:
    """Copy everything but ``wsdrf`` itself to a fresh directory, and return it."""
    tree = Path(session.create_tmp()).resolve() / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, tree / name, ignore=WASTE)
    for name in FILES:
        shutil.copy2(ROOT / name, tree / name)
    return tree


def lowest(session: nox.Session) -> Path:
    """Write constraints that hold each dependency to the lowest version that ``pyproject.toml`` claims."""
    metadata = PROJECT["project"]
    claimed = [
        *metadata["dependencies"],
        *(one for extra in metadata["optional-dependencies"].values() for one in extra),
    ]
    constraints = Path(session.create_tmp()).resolve() / "lowest.txt"
    constraints.write_text("".join(f"{re.sub('>=', '==', one)}\n" for one in claimed), "utf-8")
    return constraints


def run_corner(session: nox.Session, versions: str) -> None:
    """Run the unit tests and laws with those of ``VERSIONS`` that the interpreter takes."""
    # An interpreter's own pip can be years old, and then looks for versions for minutes.
    session.install("--quiet", "--upgrade", "pip")
    wheel = build_wheel(session)
    pins = ("--constraint", str(lowest(session))) if versions == "lowest" else ("--upgrade",)
    if versions.startswith("django-"):
        pins = (*pins, versions.replace("django-", "django~=") + ".0")
    session.install(f"wsdrf{EXTRAS} @ {wheel.as_uri()}", *group("tests"), *pins)
    session.run("python", "-m", "pip", "list")
    session.install("--quiet", "--force-reinstall", "--no-deps", str(wheel))
    with session.chdir(copy_tree(session)):
        chosen = session.posargs or (*UNIT, "-m", "not live and not browser")
        session.run("python", "-m", "pytest", "-n", "2", "--dist", "loadfile", *chosen, env={"WSDRF_INSTALLED": "1"})


def run_pytest(session: nox.Session, *arguments: str) -> None:
    """Run pytest in a tree where only the installed ``wsdrf`` can be imported."""
    install_wheel(session, "tests", extra="[testing]")
    environment = {"WSDRF_INSTALLED": "1", "HYPOTHESIS_STORAGE_DIRECTORY": str(ROOT / ".hypothesis")}
    with session.chdir(copy_tree(session)):
        # By file: what a file's tests share, servers and a browser among it, is started once.
        parallel = ("-n", "2", "--dist", "loadfile")
        session.run("python", "-m", "pytest", *parallel, *arguments, *session.posargs, env=environment)


@nox.session
def demo(session: nox.Session) -> None:
    """Serve the example chat: prints the address and the users who can log in."""
    install_wheel(session, "demo")
    with session.chdir(ROOT / "examples" / "chat"):
        session.run("python", "manage.py", "demo", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Prove the project: unit tests, laws, architecture, documentation, live servers and the browser."""
    run_pytest(session)


@nox.session
def live(session: nox.Session) -> None:
    """Run only the tests that talk to real servers."""
    run_pytest(session, "-m", "live")


@nox.session
def browser(session: nox.Session) -> None:
    """Run only the tests that drive a headless Chromium."""
    run_pytest(session, "-m", "browser")


@nox.session(python=PYTHONS)
@nox.parametrize("versions", [nox.param(versions, id=versions) for versions in VERSIONS])
def matrix(session: nox.Session, versions: str) -> None:
    """Run unit tests and laws on each Python that is there, with the versions claimed: see ``VERSIONS``."""
    if versions.startswith("django-6") and session.python in {"3.10", "3.11"}:
        session.skip("Django 6 needs Python 3.12")
    run_corner(session, versions)


@nox.session
def floor(session: nox.Session) -> None:
    """Do what ``matrix`` does for the lowest versions, on the Python that runs nox."""
    run_corner(session, "lowest")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format; ``nox -s lint -- fix`` mends what can be mended."""
    session.install(*group("lint"))
    if "fix" in session.posargs:
        session.run("ruff", "check", "--fix", ".")
        session.run("ruff", "format", ".")
        return
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types, with mypy and with pyright, which disagree often enough to ask both."""
    # Not wsdrf itself: what is checked is the checkout, and a second copy of it would only confuse.
    metadata = PROJECT["project"]
    quiet = {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    session.install(*metadata["dependencies"], *metadata["optional-dependencies"]["testing"], *group("types"))
    session.run("python", "-m", "pip", "uninstall", "--quiet", "--yes", "wsdrf")
    session.run("mypy", "noxfile.py")
    session.run("mypy")
    session.run("pyright", env=quiet)
    # And then as a user has it: the wheel's types are complete, right uses are right, and wrong ones are errors.
    session.install("--quiet", "--force-reinstall", "--no-deps", str(build_wheel(session)))
    with session.chdir(copy_tree(session)):
        session.run("mypy", "--config-file", "tests/typing/mypy.ini", "tests/typing")
        session.run("pyright", "--project", "tests/typing", env=quiet)
        session.run("pyright", "--verifytypes", "wsdrf", "--ignoreexternal", env=quiet)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation to ``docs/_build``, with warnings as errors."""
    install_wheel(session, "docs", extra="[testing]")  # what autodoc imports needs hypothesis
    session.run("towncrier", "build", "--draft", "--version", "unreleased")
    session.run("sphinx-build", "-W", "--keep-going", "-E", "-b", "html", "docs", "docs/_build")


@nox.session
def bench(session: nox.Session) -> None:
    """Compare wsdrf with its peers, side by side; ``-- --quick`` for two minutes, ``-- message`` for one suite."""
    install_wheel(session, "bench", extra="[testing]")
    session.run("python", "tests/benchmarks/run.py", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Change the code that guards and reads, a place at a time, and tell what no test notices; ``-- FILE`` for one."""
    metadata = PROJECT["project"]
    session.install(*metadata["dependencies"], *metadata["optional-dependencies"]["testing"], *group("mutants"))
    rooms = [re.sub(r"(/__init__)?(\.py)?$", "", path).replace("/", ".") for path in session.posargs]
    with session.chdir(ROOT):
        session.run("mutmut", "run", *(f"{room}.*" for room in rooms), env={"HYPOTHESIS_PROFILE": "mutants"})
        session.run("mutmut", "results")


@nox.session
def build(session: nox.Session) -> None:
    """Build the source distribution and from it the wheel, and test the one with the tests of the other."""
    session.install("build", "twine")
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.run("python", "-m", "build", str(ROOT))
    session.run("twine", "check", "--strict", *(str(path) for path in sorted(dist.iterdir())))
    (wheel,), (source,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    session.install(f"wsdrf{EXTRAS} @ {wheel.as_uri()}", *group("tests"))
    session.install("--quiet", "--force-reinstall", "--no-deps", str(wheel))
    unpacked = Path(session.create_tmp()).resolve() / "source"
    shutil.rmtree(unpacked, ignore_errors=True)
    with tarfile.open(source) as archive:
        archive.extractall(unpacked, filter="data")
    tree = unpacked / source.name.removesuffix(".tar.gz")
    shutil.rmtree(tree / "wsdrf")
    with session.chdir(tree):
        session.run("python", "-m", "pytest", *(session.posargs or SHIPPED), env={"WSDRF_INSTALLED": "1"})
