"""What every generated Python client runs on: asyncio, websockets and attrs. Neither Django nor wsdrf is needed."""

from __future__ import annotations

from .client import Client
from .closing import Closing, Retry, retry_of
from .errors import CallError, Disconnected, FieldError, QueueFull
from .face import ABSENT, Absent, Face, Operation
from .options import Options, TokenSource

__all__ = [
    "ABSENT",
    "Absent",
    "CallError",
    "Client",
    "Closing",
    "Disconnected",
    "Face",
    "FieldError",
    "Operation",
    "Options",
    "QueueFull",
    "Retry",
    "TokenSource",
    "retry_of",
]
