"""The comparison says first what the others have, and where each claim can be checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "explanation" / "comparison.md").read_text("utf-8")
OTHERS = {"Channels", "Chanx", "DCRF", "NestJS", "Phoenix", "SignalR", "Socket.IO"}
SECTIONS = re.findall(r"^## (.+)\n((?:(?!^## ).*\n)+)", PAGE, re.MULTILINE)
CLAIMS = re.findall(r"^- (.+)$", SECTIONS[0][1], re.MULTILINE)


def test_what_the_others_have_comes_first() -> None:
    """The first section is theirs, and none of them is missing in it."""
    assert "What they have and wsdrf has not" == SECTIONS[0][0]
    assert OTHERS <= set(re.findall(r"[\w.]+\w", SECTIONS[0][1]))


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.split("**")[1])
def test_each_claim_can_be_checked(claim: str) -> None:
    """Each claim about others leads to where they say so; how old they are is no claim."""
    assert "](https://" in claim or claim.startswith("**Years.**")


def test_each_has_a_version_and_documentation() -> None:
    """The table of versions has all of them, with a version, a date and a link."""
    before, _, _ = PAGE.partition("\n## ")
    rows = re.findall(r"^\| (.+?) \| ([^|]*\d+\.\d+[^|]*) \| ([^|]+) \| (.*) \|$", before, re.MULTILINE)

    assert len(OTHERS) + 1 == len(rows)
    assert all("](https://" in link and "20" in date for name, _, date, link in rows if name != "wsdrf")
