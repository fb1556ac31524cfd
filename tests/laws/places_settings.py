"""Settings of the processes of ``places.py``: those of the suite, with a cache that processes share."""

from tests.settings import *  # noqa: F403  # a settings module is what it names

CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "places"}}
