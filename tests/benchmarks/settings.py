"""Django settings of the one project that every contender is a part of.

``WSDRF_BENCH`` names the folder of the run: its database is made once, and every process of the run finds it there.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

FOLDER = Path(os.environ.setdefault("WSDRF_BENCH", tempfile.mkdtemp(prefix="wsdrf-bench-")))

SECRET_KEY = "benchmark-a-key-that-is-long-enough-for-hs256"
DEBUG = False
USE_TZ = True
ALLOWED_HOSTS = ["*"]
LOGGING_CONFIG = None
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "rest_framework.authtoken",
    # The suite that measures the import of wsdrf does without it here: its clock has yet to run.
    *(["wsdrf"] if os.environ.get("WSDRF_BENCH_APP", "yes") == "yes" else []),
]
# A file, because the threads that read it have a connection each. It is the cheapest database there is: what a
# contender saves by reading less often is worth more with any other.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "bench.sqlite3",
        "TEST": {"NAME": FOLDER / "bench.sqlite3"},
    }
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

REDIS = os.environ.get("WSDRF_BENCH_REDIS")
"""The address of a Redis server, where there is one."""
if REDIS and os.environ.get("WSDRF_BENCH_LAYER") == "redis":
    CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [REDIS]}},
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
