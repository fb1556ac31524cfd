"""Let a browser's page in only from where Django would take a form from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware


class OriginRule(CsrfViewMiddleware):
    """Django's own CSRF rule for ``Origin``, with the origins of ``allowed_origins`` beside ``CSRF_TRUSTED_ORIGINS``.

    Source: ``django.middleware.csrf.CsrfViewMiddleware``.
    """

    def __init__(self, allowed_origins: Iterable[str]) -> None:
        super().__init__(lambda request: HttpResponse())
        self._trusted = (*settings.CSRF_TRUSTED_ORIGINS, *allowed_origins)

    def admits(self, request: HttpRequest) -> bool:
        """Tell whether ``request`` comes from a page of this site, from a trusted one, or from no browser.

        Never raises: an origin that is ``null``, malformed or given twice is refused.
        """
        origin = request.META.get("HTTP_ORIGIN")
        if origin is None:
            return True
        if "," in origin or "://" not in origin:
            return False
        return bool(self._origin_verified(request))  # type: ignore[attr-defined]  # the stubs leave it out

    @cached_property
    def allowed_origins_exact(self) -> set[str]:
        """Give the trusted origins without a wildcard; Django's rule reads it."""
        return {origin for origin in self._trusted if "*" not in origin}

    @cached_property
    def allowed_origin_subdomains(self) -> defaultdict[str, list[str]]:
        """Give the trusted domains with a wildcard, by scheme; Django's rule reads it."""
        subdomains: defaultdict[str, list[str]] = defaultdict(list)
        for parts in (urlsplit(origin) for origin in self._trusted if "*" in origin):
            subdomains[parts.scheme].append(parts.netloc.lstrip("*"))
        return subdomains
