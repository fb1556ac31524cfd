"""Tell whether a text is what its shape says."""

from __future__ import annotations

from wsdrf.schema.shapes import Pattern, Text


def fits(text: str, shape: Text) -> bool:
    """Tell whether ``text`` is a string of ``shape``, its format aside."""
    text = text.strip() if shape.trimmed else text
    if shape.blank and not text:
        return True
    if not set(shape.without).isdisjoint(text):
        return False
    long_enough = len(text) >= (shape.min_length or 0)
    short_enough = shape.max_length is None or len(text) <= shape.max_length
    return long_enough and short_enough and all(matches(text, pattern) for pattern in shape.patterns)


def matches(text: str, pattern: Pattern) -> bool:
    """Ask ``pattern`` as attrs' ``matches_re`` does."""
    return getattr(pattern.regex, pattern.method)(text) is not None
