"""Say what a browser may load and do on the page: the Content-Security-Policy, and what goes with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.templatetags.static import static

ASSETS: Final = ("wsdrf/explorer/explorer.js", "wsdrf/explorer/explorer.css")

HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What both views answer beside the policy."""

_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?")


def content_security_policy(request: HttpRequest) -> str:
    """Write the policy of the page: scripts and styles from where the static files are, sockets to this host alone.

    Nothing else is loaded, nothing is sent elsewhere, no script makes markup of a text, and nobody frames the page.
    """
    assets = " ".join(["'self'", *origins_of(map(static, ASSETS))])
    connect = " ".join(["'self'", *_sockets(request)])
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {assets}",
            f"style-src {assets}",
            "img-src 'self' data:",
            f"connect-src {connect}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def origins_of(addresses: Iterable[str]) -> list[str]:
    """Give the other hosts that static files are on, as sources of a policy."""
    found = []
    for address in addresses:
        parts = urlsplit(address)
        if _HOST.fullmatch(parts.netloc) and parts.scheme in ("", "http", "https"):
            found.append(f"{parts.scheme}://{parts.netloc}" if parts.scheme else parts.netloc)
    return list(dict.fromkeys(found))


def _sockets(request: HttpRequest) -> Iterator[str]:
    """Name the site's own sockets, because not every browser counts them among ``'self'``.

    Django has checked the host against ``ALLOWED_HOSTS``. An IPv6 address cannot be written as a source.
    """
    host = request.get_host()
    if _HOST.fullmatch(host):
        yield from (f"{scheme}://{host}" for scheme in (("wss",) if request.is_secure() else ("ws", "wss")))
