"""Name a class for those who read a message, a log record or a page."""

from __future__ import annotations


def class_name(cls: type) -> str:
    """Name ``cls`` as it is written in its module, without the function that it may be defined in."""
    return cls.__qualname__.rpartition("<locals>.")[2]
