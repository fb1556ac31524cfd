"""Let a mutant be tried in a process that has run the tests before: what was made of right code is made anew.

Loaded by mutmut's configuration alone.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import _lru_cache_wrapper
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from tests.settings import DATABASE_FILE
from wsdrf.access import fieldshapes, shapes
from wsdrf.codec import Codec, strict


def pytest_sessionstart() -> None:
    use_own_database()
    gc.unfreeze()  # a process that is forked hides from the collector what it was given
    strict._encode = strict._make_encode()
    for one in gc.get_objects():
        if type(one) is Codec:
            Codec.__init__(one, one.camelize)
        elif type(one) is ThreadPoolExecutor:  # its threads stayed in the process that forked
            ThreadPoolExecutor.__init__(one, one._max_workers, one._thread_name_prefix)
        elif type(one) is _lru_cache_wrapper and one.__module__.startswith("wsdrf."):
            one.cache_clear()
    for name in [name for name in sys.modules if name.startswith(("tests.unit.", "tests.laws."))]:
        if not any(model.__module__ == name for model in apps.get_models()):  # a model can be made once only
            del sys.modules[name]


def pytest_sessionfinish() -> None:
    for suffix in ("", "-shm", "-wal"):
        Path(connection.settings_dict["NAME"] + suffix).unlink(missing_ok=True)


def use_own_database() -> None:
    """Take a file that no other process has: two that wait for each other are slow, and what waits too long fails."""
    connection.close()
    connection.settings_dict["NAME"] = connection.settings_dict["TEST"]["NAME"] = f"{DATABASE_FILE}-{os.getpid()}"


@pytest.fixture(autouse=True)
def remake_fields(request: pytest.FixtureRequest) -> None:
    """Fill the table of fields in the tests of it, so that they are known to reach what fills it."""
    if request.path.name == "test_access_shapes.py":
        shapes.FIELDS.update(importlib.reload(fieldshapes).FIELDS)
