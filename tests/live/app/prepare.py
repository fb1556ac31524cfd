"""Make the database that every server gets a copy of, and print the credentials of who is in it as JSON.

Run it as ``python -m tests.live.app.prepare``.
"""

from __future__ import annotations

import json
import sys

import django
from django.conf import settings
from django.core.management import call_command


def main() -> None:
    django.setup()

    from django.contrib.auth.models import Group, User
    from django.test import Client
    from rest_framework.authtoken.models import Token

    call_command("migrate", verbosity=0)
    people = {}
    for name in ("alice", "bob"):
        user = User.objects.create_user(name)
        browser = Client()
        browser.force_login(user)
        session = browser.cookies[settings.SESSION_COOKIE_NAME].value
        people[name] = {"name": name, "session": session, "token": Token.objects.create(user=user).key}
    Group.objects.bulk_create([Group(pk=1, name="open"), Group(pk=2, name="closed")])
    json.dump(people, sys.stdout)


if __name__ == "__main__":
    main()
