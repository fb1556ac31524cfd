"""A Django process of the project that is no server: it does what it is told, a line of JSON at a time.

Run it as ``python -m tests.live.app.outsider``. A line is ``[name, arguments]``; the answer is a line of JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402  (all of these can be imported only now)
from django.contrib.auth.models import Group, Permission, User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402

from tests.live.app.consumers import Door, Renamed, Told  # noqa: E402
from wsdrf import disconnect  # noqa: E402


def create(name: str) -> dict[str, str]:
    """Make a member of staff, who has the right to look twice: by themselves and by a group of their own."""
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.create(name=name))
    browser = Client()
    browser.force_login(user)
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return {"name": name, "session": session, "token": Token.objects.create(user=user).key}


def allow(name: str, by: str) -> None:
    """Give the right to look, to the user or to the group."""
    right = Permission.objects.get(codename="view_group")
    if by == "user":
        User.objects.get(username=name).user_permissions.add(right)
    else:
        Group.objects.get(name=name).permissions.add(right)


def publish(key: str, text: str) -> None:
    Door.publish(Door.group_name("key", key), Told(text=text))


def rename(key: str, name: str) -> None:
    Door.publish(Door.group_name("key", key), Renamed(name=name))


def throw_out(name: str, by: str) -> None:
    user = User.objects.get(username=name)
    if by == "user":
        disconnect(user)
    elif by == "key":
        disconnect(user.pk)
    elif by == "row":
        disconnect(token=Token.objects.get(user=user))


def throw_out_session(session: str) -> None:
    disconnect(session=session)


def throw_out_token(token: str) -> None:
    disconnect(token=token)


# -- losses of which a signal tells -----------------------------------------------------------------------------------


def logout(session: str) -> None:
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = session
    browser.logout()


def change_password(name: str) -> None:
    user = User.objects.get(username=name)
    user.set_password("another")
    user.save()


def deactivate(name: str) -> None:
    user = User.objects.get(username=name)
    user.is_active = False
    user.save()


def demote(name: str) -> None:
    user = User.objects.get(username=name)
    user.is_staff = False
    user.save(update_fields=["is_staff"])


def delete_user(name: str) -> None:
    User.objects.get(username=name).delete()


def delete_token(name: str) -> None:
    Token.objects.get(user__username=name).delete()


def take_right(name: str) -> None:
    user = User.objects.get(username=name)
    user.user_permissions.clear()


def leave_group(name: str) -> None:
    user = User.objects.get(username=name)
    user.groups.remove(Group.objects.get(name=name))


def empty_group(name: str) -> None:
    Group.objects.get(name=name).user_set.clear()


def take_right_of_group(name: str) -> None:
    Group.objects.get(name=name).permissions.clear()


def delete_group(name: str) -> None:
    Group.objects.get(name=name).delete()


# -- losses of which nothing tells ------------------------------------------------------------------------------------


def update(name: str) -> None:
    User.objects.filter(username=name).update(is_active=False)


def update_password(name: str) -> None:
    User.objects.filter(username=name).update(password="!")


def delete_token_by_sql(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM authtoken_token WHERE user_id IN (SELECT id FROM auth_user WHERE username = %s)", [name]
        )


def delete_session_by_sql(session: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_session WHERE session_key = %s", [session])


DEEDS: dict[str, Callable[..., Any]] = {
    deed.__name__: deed
    for deed in (
        create,
        allow,
        publish,
        rename,
        throw_out,
        throw_out_session,
        throw_out_token,
        logout,
        change_password,
        deactivate,
        demote,
        delete_user,
        delete_token,
        take_right,
        leave_group,
        empty_group,
        take_right_of_group,
        delete_group,
        update,
        update_password,
        delete_token_by_sql,
        delete_session_by_sql,
    )
}


def main() -> None:
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"answer": DEEDS[name](**arguments)}
        except Exception as error:  # noqa: BLE001 - whatever it is, the test hears of it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
