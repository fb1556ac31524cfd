"""Make the database of the project, and print the tokens of who is in it as JSON.

Run it as ``python -m tests.browser.site.prepare``.
"""

from __future__ import annotations

import json
import sys

import django
from django.core.management import call_command


def main() -> None:
    django.setup()

    from django.contrib.auth.models import User
    from rest_framework.authtoken.models import Token

    call_command("migrate", verbosity=0)
    people = (User.objects.create_user("boss", is_staff=True), User.objects.create_user("alice"))
    json.dump({user.username: Token.objects.create(user=user).key for user in people}, sys.stdout)


if __name__ == "__main__":
    main()
