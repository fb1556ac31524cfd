"""Find the consumers that a command is about, and say which of the project's cannot be reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from django.core.management.base import CommandError

from wsdrf.connection.mounts import Mount, Survey, application_of_project, survey
from wsdrf.exceptions import ConfigurationError


def survey_project() -> Survey:
    """Look through the project's ASGI application. Raises ``CommandError`` where there is none."""
    try:
        return survey(application_of_project())
    except ConfigurationError as error:
        raise CommandError(str(error)) from None


def notes(seen: Survey) -> Iterator[str]:
    """Say what a connection cannot reach, and where nothing can be seen."""
    for mount in seen.mounts:
        if mount.obstacle:
            yield f"{mount.name} at {mount.path} is never reached: {mount.obstacle}"
    for stranger in seen.strangers:
        if stranger.cure:
            yield f"{stranger.name} at {stranger.path} is a class, and no ASGI application. {stranger.cure}"
        else:
            yield f"{stranger.name} at {stranger.path} is no consumer of wsdrf, or hides one."
    for consumer in seen.unmounted:
        yield f"{consumer.__qualname__} is made an application of, but no path was seen to lead to it."


def fits(mount: Mount, path: str | None, consumer: str | None) -> bool:
    """Tell whether ``mount`` is at ``path`` and of ``consumer``: values, or patterns as of a shell."""
    is_there = path is None or fnmatchcase(mount.path, path) or _leads(mount, path)
    full_name = f"{mount.consumer_class.__module__}.{mount.name}"
    return is_there and (consumer is None or any(fnmatchcase(name, consumer) for name in (mount.name, full_name)))


def mount_at(mounts: Iterable[Mount], path: str) -> Mount:
    """Give the first of ``mounts`` to which ``path``, maybe with a query, leads. Raises ``CommandError`` for none."""
    for mount in mounts:
        if _leads(mount, path):
            return mount
    raise CommandError(f"{path} leads to no consumer. See `manage.py wsdrf_routes` for what there is.")


def _leads(mount: Mount, path: str) -> bool:
    return mount.match(path.partition("?")[0]) is not None
