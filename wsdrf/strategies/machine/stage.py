"""What one example happens in: transactions that are rolled back, a cache and a channel layer of its own."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import Any, Final
from uuid import uuid4

from channels.layers import InMemoryChannelLayer, channel_layers
from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections, transaction

logger: logging.Logger = logging.getLogger("wsdrf.strategies")

_FORBIDDEN: Final = (RuntimeError, AssertionError, ImproperlyConfigured, DatabaseError)
"""What Django, pytest-django and databases raise where the test may not use a database."""


class Stage:
    """Put up before an example and taken down after it, so that nothing of it is left for the next.

    Callbacks that wait for a commit are run by ``settle()`` as soon as no inner transaction is open, as a commit would.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._marks: dict[str, tuple[int, int]] = {}
        self._layers: dict[str, Any] = {}

    @property
    def has_database(self) -> bool:
        """Tell whether the test may use any database."""
        return bool(self._marks)

    def put_up(self) -> None:
        """Begin the transactions, and put the fresh cache and layer in place."""
        for alias in connections:
            self._begin(alias)
        self._own_caches()
        for alias in getattr(settings, "CHANNEL_LAYERS", {}):
            self._own_layer(alias)

    def take_down(self) -> None:
        """Roll back, and put everything back in its place."""
        self._stack.close()
        self._marks.clear()

    def settle(self) -> None:
        """Run what waits for a commit, in each database that is in no inner transaction."""
        for alias, (depth, start) in self._marks.items():
            connection = connections[alias]
            while len(connection.savepoint_ids) == depth and len(connection.run_on_commit) > start:
                waiting: list[Any] = connection.run_on_commit[start:]
                del connection.run_on_commit[start:]
                for _, callback, is_robust in waiting:
                    _call(callback, is_robust)

    @property
    def layers(self) -> dict[str, Any]:
        """The channel layers of this example, by their aliases."""
        return self._layers

    def _begin(self, alias: str) -> None:
        atomic = transaction.atomic(using=alias)
        try:
            atomic.__enter__()
        except _FORBIDDEN:
            return  # who needs it will be told why, and what to do
        connection = connections[alias]
        self._marks[alias] = len(connection.savepoint_ids), len(connection.run_on_commit)
        self._stack.callback(_roll_back, atomic, alias)

    def _own_caches(self) -> None:
        # A prefix, and no clear(): the cache may be one that somebody else uses, too.
        prefix = uuid4().hex
        for alias in caches.settings:
            config = caches.settings[alias]
            self._stack.callback(_restore, config, "KEY_PREFIX", config.get("KEY_PREFIX"))
            config["KEY_PREFIX"] = prefix
        for cache in caches.all(initialized_only=True):
            self._stack.callback(setattr, cache, "key_prefix", cache.key_prefix)
            cache.key_prefix = prefix

    def _own_layer(self, alias: str) -> None:
        usual = channel_layers[alias]
        own = channel_layers.make_backend(alias) if isinstance(usual, InMemoryChannelLayer) else InMemoryChannelLayer()
        channel_layers.set(alias, own)
        self._layers[alias] = own
        self._stack.callback(channel_layers.set, alias, usual)


def _call(callback: Any, is_robust: bool) -> None:
    try:
        callback()
    except Exception:
        if not is_robust:
            raise
        logger.exception("A callback that waited for a commit failed")


def _roll_back(atomic: transaction.Atomic, alias: str) -> None:
    transaction.set_rollback(True, using=alias)
    atomic.__exit__(None, None, None)


def _restore(mapping: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        mapping.pop(key, None)
    else:
        mapping[key] = value
