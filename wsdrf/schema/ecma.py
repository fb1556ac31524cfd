r"""Translate a Python pattern to ECMA 262, as JSON Schema wants it, where both mean the same.

What comes out means the same in Python's ``re`` too, which some validators use: the end is ``$(?!\n)``, since Python's
``$`` alone also stands before a final newline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attrs import define, field

from wsdrf.schema.shapes import Pattern

END: Final = r"$(?!\n)"
"""The end of the text, and nothing but the end."""

SPACE: Final = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # what str.strip() takes away

_END_OR_NEWLINE: Final = r"(?=\n?(?![\s\S]))"
_TOKEN: Final = re.compile(
    r"""(?P<escape>\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.))
    |(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
    |(?P<group>\((?:\?(?::|=|!|P<\w+>))?)
    |(?P<close>\))
    |(?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\}|\{,\d*\})\??)
    |(?P<alone>[|^$.])
    |(?P<literal>.)""",
    re.DOTALL | re.VERBOSE,
)
_IN_SET: Final = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|.", re.DOTALL)
_FLAGS: Final = int(re.UNICODE | re.ASCII | re.DOTALL)
_CONTROLS: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_SYNTAX: Final = frozenset(r"^$\.*+?()[]{}|/")
_SET_SYNTAX: Final = frozenset("\\]^[-")
_LOOK_AHEAD: Final = ("(?=", "(?!")


class _Untranslatable(ValueError):
    """Say that ECMA 262 has no such thing, or another under this name."""


def translate(pattern: Pattern) -> str | None:
    r"""Write ``pattern`` as a regular expression that is searched for; ``None`` where that would mean something else.

    Case-blind, multi-line and verbose patterns, backreferences, look-behind, word boundaries, and ``\d`` and ``\w``
    without ``re.ASCII`` are not translated.
    """
    regex = pattern.regex
    if not isinstance(regex.pattern, str) or regex.flags & ~_FLAGS:
        return None
    writer = _Writer(regex.pattern, ascii=bool(regex.flags & re.ASCII), dot_all=bool(regex.flags & re.DOTALL))
    try:
        body = writer.write()
    except _Untranslatable:
        return None
    return _anchored(body, pattern.method, alternatives=writer.alternatives)


def _anchored(body: str, method: str, *, alternatives: bool) -> str:
    if method == "search":
        return body
    if alternatives:
        body = f"(?:{body})"
    start = "" if body.startswith("^") else "^"
    if method == "match":
        return start + body
    body = body.removesuffix(_END_OR_NEWLINE).removesuffix(END)
    return start + body + END


@define
class _Writer:
    """Writes one pattern again, token by token."""

    source: str
    ascii: bool
    dot_all: bool
    groups: list[str] = field(factory=list)
    closed: str = ""
    alternatives: bool = False

    def write(self) -> str:
        """Write the whole pattern."""
        written: list[str] = []
        repeatable = True
        for found in _TOKEN.finditer(self.source):
            kind, part = str(found.lastgroup), found[0]
            after = self.source[found.end() : found.end() + 1]
            # Not in ECMA 262: a look-ahead that is repeated, repetition that never gives back, other kinds of groups.
            if (kind == "repeat" and (not repeatable or after == "+")) or (part == "(" and after == "?"):
                raise _Untranslatable
            written.append(getattr(self, kind)(part))
            repeatable = not (kind == "close" and self.closed in _LOOK_AHEAD)
        return "".join(written)

    def repeat(self, part: str) -> str:
        return "{0" + part[1:] if part.startswith("{,") else part

    def escape(self, part: str) -> str:
        letter = part[1]
        if letter in "AZz":
            return "^" if letter == "A" else END
        if letter in "sSdDwW":
            inside = self.shorthand(letter)
            return f"[^{inside}]" if letter.isupper() else f"[{inside}]"
        return _literal(_character(part), _SYNTAX)

    def set(self, part: str) -> str:
        negated = part.startswith("[^")
        parts = list(self.parts(part[2:-1] if negated else part[1:-1]))
        return f"[{'^' * negated}{''.join(parts)}]"

    def parts(self, inside: str) -> Iterator[str]:
        """Write the members of a set; a hyphen between two of them makes a range."""
        members = iter(_IN_SET.findall(inside))
        for member in members:
            if member[-1] in "sdw" and len(member) == 2:
                yield self.shorthand(member[1])
            else:
                yield member if member == "-" else _in_set(member)

    def shorthand(self, letter: str) -> str:
        small = letter.lower()
        if small == "s":
            return r"\t-\r\x20" if self.ascii else SPACE
        if not self.ascii:
            raise _Untranslatable
        return "0-9" if small == "d" else "A-Za-z0-9_"

    def group(self, part: str) -> str:
        self.groups.append(part)
        return "(" if part.startswith("(?P") else part

    def close(self, part: str) -> str:
        self.closed = self.groups.pop()
        return part

    def alone(self, part: str) -> str:
        if part == "|":
            self.alternatives = self.alternatives or not self.groups
            return part
        if part == ".":
            return r"[\s\S]" if self.dot_all else r"[^\n]"
        return part if part == "^" else _END_OR_NEWLINE

    def literal(self, part: str) -> str:
        return _literal(part, _SYNTAX)


def _in_set(part: str) -> str:
    character = "\b" if part == r"\b" else _character(part)
    return _literal(character, _SET_SYNTAX)


def _character(part: str) -> str:
    """Give the character that a part of one character stands for."""
    if not part.startswith("\\"):
        return part
    letter = part[1]
    if letter in "xuU" and len(part) > 2:
        return chr(int(part.removeprefix(f"\\{letter}"), 16))
    if letter in _CONTROLS:
        return _CONTROLS[letter]
    if letter.isalnum():
        raise _Untranslatable
    return letter


def _literal(character: str, syntax: frozenset[str]) -> str:
    if "\ud800" <= character <= "\udfff":
        raise _Untranslatable
    if character in syntax:
        return f"\\{character}"
    code = ord(character)
    if character.isprintable():
        return character
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else character
