"""Make the project ready: Django set up, the database filled with one user and each of their credentials."""

from __future__ import annotations

import json
import os

import django
from attrs import frozen

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.conf import settings  # noqa: E402 - Django comes first
from django.contrib.auth import get_user_model  # noqa: E402 - as above
from django.core.management import call_command  # noqa: E402 - as above
from django.test import Client  # noqa: E402 - as above
from rest_framework.authtoken.models import Token  # noqa: E402 - as above
from rest_framework_simplejwt.tokens import AccessToken  # noqa: E402 - as above

Header = tuple[bytes, bytes]
CREDENTIALS = settings.FOLDER / "credentials.json"


@frozen
class Credentials:
    """What the one user of the database shows: a session, a token of DRF's, a JSON web token."""

    session: str
    token: str
    jwt: str

    def headers(self, kind: str) -> tuple[Header, ...]:
        """Give the header by which a server knows the user; none for ``anonymous``."""
        if kind == "session":
            return ((b"cookie", f"sessionid={self.session}".encode()),)
        if kind == "token":
            return ((b"authorization", f"Token {self.token}".encode()),)
        if kind == "jwt":
            return ((b"authorization", f"Bearer {self.jwt}".encode()),)
        return ()


def fill() -> None:
    """Make the database of the run, and keep the credentials beside it."""
    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_user("ann", password="open-sesame")
    token = Token.objects.create(user=user)
    jwt = AccessToken.for_user(user)
    jwt.set_exp(lifetime=django.utils.timezone.timedelta(days=1))
    client = Client()
    client.force_login(user)
    shown = {"session": client.cookies["sessionid"].value, "token": token.key, "jwt": str(jwt)}
    CREDENTIALS.write_text(json.dumps(shown))


def credentials() -> Credentials:
    """Give what the user of the run shows."""
    if not CREDENTIALS.exists():
        fill()
    return Credentials(**json.loads(CREDENTIALS.read_text()))


if __name__ == "__main__":
    fill()
