"""Django settings of the project that the live tests serve: each server has a folder of its own, named by the test."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(os.environ["WSDRF_LIVE_FOLDER"])

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

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "live.sqlite3"}}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
WSDRF = {"SEND_TIMEOUT": 2}

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
