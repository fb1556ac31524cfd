"""Hear of Django that credentials have changed, and have the connections that they opened looked at again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import m2m_changed, post_delete, post_save

from wsdrf.connection.revocation import EVERYBODY, end_session, recheck, user_group

_UID: Final = "wsdrf"
"""Marks our listeners, so that connecting them again adds none."""


def connect_signals() -> None:
    """Listen, once the apps are loaded. Each listener can be switched off by leaving its word out of ``revoke_on``."""
    user_logged_out.connect(_on_logout, dispatch_uid=_UID)
    if not apps.is_installed("django.contrib.auth"):
        return
    user: Any = get_user_model()
    for model in _with_proxies(user):
        post_save.connect(_on_user, sender=model, dispatch_uid=_UID)
        post_delete.connect(_on_user, sender=model, dispatch_uid=_UID)
    for name in ("groups", "user_permissions"):
        if hasattr(user, name):
            m2m_changed.connect(_on_rights, sender=getattr(user, name).through, dispatch_uid=_UID)
    group: Any = apps.get_model("auth", "Group")
    m2m_changed.connect(_on_group, sender=group.permissions.through, dispatch_uid=f"{_UID}.group")
    for model in (*_with_proxies(group), *_with_proxies(apps.get_model("auth", "Permission"))):
        post_delete.connect(_on_group, sender=model, dispatch_uid=_UID)
    for token in _token_models():
        for model in _with_proxies(token):
            post_delete.connect(_on_token, sender=model, dispatch_uid=_UID)
    if "token_blacklist" in apps.app_configs:
        for model in _with_proxies(apps.get_model("token_blacklist", "BlacklistedToken")):
            post_save.connect(_on_blacklisted, sender=model, dispatch_uid=_UID)


def _token_models() -> Iterator[Any]:
    """Give the tables of tokens, where deleting a row ends what it opened."""
    if "authtoken" in apps.app_configs:
        yield apps.get_model("authtoken", "Token")
    if "knox" in apps.app_configs:
        yield apps.get_model(getattr(settings, "KNOX_TOKEN_MODEL", "knox.AuthToken"))


def _with_proxies(model: Any) -> Iterator[Any]:
    """Give ``model`` and all its subclasses: Django sends a signal for the class that a row was handled as alone."""
    yield model
    for subclass in model.__subclasses__():
        yield from _with_proxies(subclass)


def _on_logout(request: Any, **kwargs: Any) -> None:
    # Django sends this before it flushes the session: what is looked at now would still be found to be good.
    key = getattr(getattr(request, "session", None), "session_key", None)
    if key:
        end_session(key, "logout")


def _on_user(instance: Any, using: str, update_fields: Any = None, **kwargs: Any) -> None:
    is_login = update_fields is not None and set(update_fields) == {"last_login"}
    if not kwargs.get("created") and not is_login:
        recheck(user_group(instance), "user", using)


def _on_token(instance: Any, using: str, **kwargs: Any) -> None:
    recheck(user_group(instance.user_id), "token", using)


def _on_blacklisted(instance: Any, using: str, **kwargs: Any) -> None:
    recheck(user_group(instance.token.user_id), "token", using)


def _on_rights(instance: Any, action: str, pk_set: Any, using: str, **kwargs: Any) -> None:
    if not action.startswith("post_"):
        return
    reverse = kwargs["reverse"]  # the group's side of the relation was changed, not the user's
    if not reverse:
        recheck(user_group(instance), "permissions", using)
    elif pk_set is None:  # a group was emptied: whose it was is not told
        recheck(EVERYBODY, "permissions", using)
    else:
        for pk in pk_set:
            recheck(user_group(pk), "permissions", using)


def _on_group(using: str, action: str = "post_delete", **kwargs: Any) -> None:
    if action.startswith("post_"):
        recheck(EVERYBODY, "permissions", using)
