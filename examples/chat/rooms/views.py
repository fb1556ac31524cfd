"""The page: one template, with a content security policy that allows only the demo's own files."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from rooms.seed import PASSWORD, USERS

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@require_safe
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    """Show the page. It sets the CSRF cookie, which logging in with a session needs."""
    response = render(request, "rooms/page.html", {"users": USERS, "password": PASSWORD})
    response.headers["Content-Security-Policy"] = POLICY
    return response
