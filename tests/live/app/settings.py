"""Django settings of the project that the live tests serve: the environment names folder, database and layer."""

from __future__ import annotations

import json
import os
from pathlib import Path

FOLDER = Path(os.environ["WSDRF_LIVE_FOLDER"])
DATABASE = os.environ.get("WSDRF_LIVE_DATABASE", FOLDER / "live.sqlite3")

SECRET_KEY = "wsdrf-live-tests-a-key-of-no-secret"
DEBUG = False
USE_TZ = True
ALLOWED_HOSTS = ["127.0.0.1"]
CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]
ROOT_URLCONF = "tests.live.app.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "rest_framework.authtoken",
    "wsdrf",
]

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE, "OPTIONS": {"timeout": 20}}}
CHANNEL_LAYERS = json.loads(
    os.environ.get("WSDRF_LIVE_LAYERS", '{"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}')
)
WSDRF = {"SEND_TIMEOUT": 2} | json.loads(os.environ.get("WSDRF_LIVE_OPTIONS", "{}"))

# Every record of every logger that a server does not keep to itself, at every level and with all its fields.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"everything": {"()": "tests.live.app.witness.EverythingFormatter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler"},
        "file": {
            "class": "logging.FileHandler",
            "filename": FOLDER / "records.log",
            "formatter": "everything",
        },
    },
    "root": {"handlers": ["console", "file"], "level": "DEBUG"},
}
