"""Run what the documentation shows: every Python block, every ``manage.py`` command, every JSON frame.

A ``python``, ``ini`` or ``html`` block that begins with ``# file: PATH`` (or ``<!-- file: PATH -->``) is that file, and with
``# at the end of PATH`` its last lines; a ``diff`` block that begins with ``# in PATH`` changes it. Every other ``python`` block of a page runs, in order, as one
module. ``$ python`` lines of ``console`` blocks run where they stand, those aside that would not end. A page that
begins with ``<!-- continues PAGE -->`` starts from the files of that page.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from attrs import frozen

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w{}-]*)\n(?P<body>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)
WHOLE_FILE = re.compile(r"(?:#|<!--) file: (?P<path>\S+)(?: -->)?\n")
LAST_LINES = re.compile(r"# at the end of (?P<path>\S+)\n")
CHANGE = re.compile(r"# in (?P<path>\S+)\n")
CONTINUES = re.compile(r"<!-- continues (?P<page>\S+) -->")
LINK = re.compile(r"\]\((?P<target>[^)#:]+)(?:#[^)]*)?\)")
HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)
TO_HEADING = re.compile(r"\]\((?P<target>[^)#:]*)#(?P<anchor>[^)]+)\)")
PATIENT = (
    "from hypothesis import HealthCheck, settings; "
    "settings.register_profile('docs', deadline=None, suppress_health_check=[HealthCheck.too_slow]); "
    "settings.load_profile('docs')"
)
"""A machine that is slow is no fault of a page."""

ENDLESS = {"createsuperuser", "demo", "pip", "runserver"}
MAKERS = {"makemigrations", "startapp", "startproject"}
"""Commands that write files of the project, which the next page starts from."""


@frozen
class Block:
    """A fenced block: ``line`` is that of its first line of text, counted from 1."""

    language: str
    text: str
    line: int


def blocks(page: str) -> Iterator[Block]:
    for match in FENCE.finditer(page):
        indent = len(match["indent"])
        text = "".join(line[indent:] for line in match["body"].splitlines(keepends=True))
        yield Block(match["language"], text, page.count("\n", 0, match.start("body")) + 1)


def sides(diff: str) -> tuple[str, str]:
    """Return the lines before and after ``diff``, whose lines begin with ``-``, ``+`` or a space, or are empty."""
    lines = [" \n" if line == "\n" else line for line in diff.splitlines(keepends=True)]
    old, new = ("".join(line[1:] for line in lines if line[0] in {" ", sign}) for sign in "-+")
    return old, new


@frozen
class Workshop:
    """The directory in which one page is tried out, as its reader would."""

    path: Path

    def follow(self, page: str, *, run: bool = True) -> None:
        """Do what ``page`` says; without ``run`` only what makes the files."""
        if match := CONTINUES.match(page):
            self.follow((DOCS / match["page"]).read_text("utf-8"), run=False)
        (self.path / "mypy.ini").write_text("[mypy]\n", "utf-8")  # a project of its own, wherever it lies
        script: list[str] = []
        for block in blocks(page):
            if block.language in {"python", "ini", "html", "diff"} and self.change_file(block.text):
                continue
            if block.language == "python":
                script += ["\n" * (block.line - 1 - "".join(script).count("\n")), block.text]
            elif block.language == "console":
                self.run_commands(block.text, run=run)
        if script and run:
            (self.path / "page.py").write_text("".join(script), "utf-8")
            self.run("-W", "error", "-c", f"{PATIENT}; import django; django.setup(); import page")

    def change_file(self, text: str) -> bool:
        """Change the file that ``text`` names; tell whether it names one."""
        if match := WHOLE_FILE.match(text):
            target = self.path / match["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text[match.end() :], "utf-8")
        elif match := LAST_LINES.match(text):
            target = self.path / match["path"]
            target.write_text(target.read_text("utf-8") + "\n" + text[match.end() :], "utf-8")
        elif match := CHANGE.match(text):
            target = self.path / match["path"]
            old, new = sides(text[match.end() :])
            before = target.read_text("utf-8")
            assert 1 == before.count(old), f"{match['path']} has not exactly one {old!r}"
            target.write_text(before.replace(old, new), "utf-8")
        return match is not None

    def run_commands(self, text: str, *, run: bool) -> None:
        for line in text.splitlines():
            words = shlex.split(line)
            if words[:2] != ["$", "python"] or ENDLESS & set(words):
                continue
            if run or MAKERS & set(words):
                self.run(*words[2:])

    def run(self, *arguments: str) -> None:
        """Run Python with ``arguments`` in the workshop, and fail with its output if it fails."""
        environment = dict(os.environ) | {"PYTHONPATH": os.pathsep.join([str(self.path), str(ROOT)])}
        environment["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        if (self.path / "manage.py").exists():
            environment["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
        if not entry_points(group="pytest11", name="wsdrf"):
            environment["PYTEST_PLUGINS"] = "wsdrf.testing.plugin"
        finished = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        assert 0 == finished.returncode, f"python {shlex.join(arguments)}\n{finished.stdout}{finished.stderr}"


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.timeout(300)  # a page may try hundreds of conversations, on a machine that does other things as well
@pytest.mark.parametrize("page", PAGES, ids=name)
def test_page_can_be_followed(page: Path, tmp_path: Path) -> None:
    """Whoever types what the page shows gets what it says, from the first block to the last."""
    Workshop(tmp_path).follow(page.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_frames_are_json(page: Path) -> None:
    """Each ``json`` block is JSON, or a JSON document a line."""
    for block in blocks(page.read_text("utf-8")):
        if block.language == "json":
            documents = [block.text] if block.text.startswith(("{\n", "[\n")) else block.text.splitlines()
            assert all(json.loads(document) is not None for document in documents if document.strip())


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each link to another file of the project leads to a file that is there."""
    targets = [page.parent / match["target"] for match in LINK.finditer(page.read_text("utf-8"))]

    assert [] == [str(target) for target in targets if not target.exists()]


def anchors(page: str) -> set[str]:
    """Return what GitHub calls the headings of ``page``, and MyST too, which knows other names besides."""
    headings = [match["text"] for match in HEADING.finditer(FENCE.sub("", page))]
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_to_headings_lead_to_one(page: Path) -> None:
    """Each link to a heading names it as Sphinx and GitHub both do."""
    links = [(match["target"], match["anchor"]) for match in TO_HEADING.finditer(page.read_text("utf-8"))]
    targets = [(page.parent / target if target else page, anchor) for target, anchor in links]

    assert [] == [anchor for target, anchor in targets if anchor not in anchors(target.read_text("utf-8"))]


FOLLOWED = """
```python
# file: room/door.py
OPEN = False
```
```python
# at the end of room/door.py
KEY = "brass"
```
```diff
# in room/door.py
-OPEN = False
+OPEN = True
```
1. In a list:

   ```python
   from room.door import KEY, OPEN
   ```
```console
$ python -c "open('ran', 'w').write('yes')"
$ uvicorn no.such:application
```
```python
assert (OPEN, KEY) == (True, "brass")
```
"""


def test_workshop_follows_a_page(tmp_path: Path) -> None:
    """Files are written, prolonged and changed, commands run, and the other blocks are one module."""
    Workshop(tmp_path).follow(FOLLOWED)

    assert "yes" == (tmp_path / "ran").read_text()


@pytest.mark.parametrize(
    "page",
    [
        "```python\n1 / 0\n```\n",
        "```python\nimport warnings; warnings.warn('old')\n```\n",
        "```console\n$ python -c 'raise SystemExit(3)'\n```\n",
        "```python\n# file: a.py\nx = 1\n```\n```diff\n# in a.py\n-y = 1\n+z = 1\n```\n",
    ],
)
def test_workshop_notices_a_page_that_is_wrong(page: str, tmp_path: Path) -> None:
    """A block that fails, warns, exits or changes what is not there fails the page."""
    with pytest.raises(AssertionError):
        Workshop(tmp_path).follow(page)


def test_error_is_found_at_the_line_of_the_page(tmp_path: Path) -> None:
    """A traceback names the line of the Markdown page."""
    with pytest.raises(AssertionError, match=r"page\.py\", line 5"):
        Workshop(tmp_path).follow("# Title\n```python\nx = 0\n\n1 / x\n```\n")
