"""Let a mutant be tried in a process that has run the tests before: what was made of right code is made anew.

Loaded by mutmut's configuration alone.
"""

from __future__ import annotations

import gc
from functools import _lru_cache_wrapper

from wsdrf.codec import Codec, strict


def pytest_sessionstart() -> None:
    gc.unfreeze()  # a process that is forked hides from the collector what it was given
    strict._encode = strict._make_encode()
    for one in gc.get_objects():
        if type(one) is Codec:
            Codec.__init__(one, one.camelize, one.max_depth)
        elif type(one) is _lru_cache_wrapper and one.__module__.startswith("wsdrf."):
            one.cache_clear()
