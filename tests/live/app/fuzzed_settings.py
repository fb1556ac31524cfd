"""The settings of the live tests' project for its commands: they read where the sockets are."""

from __future__ import annotations

from tests.live.app.settings import *  # noqa: F403  (settings are inherited that way)

ASGI_APPLICATION = "tests.live.app.fuzzed.application"
