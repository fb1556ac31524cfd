"""Serve the page and what it shows, to those who may see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse
from django.utils.encoding import escape_uri_path
from django.utils.http import escape_leading_slashes
from rest_framework.renderers import BaseRenderer, JSONRenderer, TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.schemas.inspectors import ViewInspector
from rest_framework.views import APIView

from wsdrf.asyncapi.about import about_project
from wsdrf.asyncapi.views import IsAdminUserOrDebug
from wsdrf.connection.mounts import Mount, Survey, application_of_project, survey
from wsdrf.envelope import CLOSE_CODES
from wsdrf.exceptions import ConfigurationError
from wsdrf.explorer.catalogue import describe_consumers
from wsdrf.explorer.policy import HEADERS, content_security_policy
from wsdrf.routing import Route


class CatalogueRenderer(JSONRenderer):
    """Write JSON of ASCII alone, in which nothing could be taken for markup, whoever reads it as what."""

    ensure_ascii = True
    charset: str | None = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        """Write the catalogue, or the words of a refusal."""
        written: bytes = super().render(data, accepted_media_type, renderer_context)
        for character in b"<>&":
            written = written.replace(bytes([character]), b"\\u%04x" % character)
        return written


class GuardedView(APIView):
    """Answer ``GET`` for whoever ``permission_classes`` let in, under a strict Content-Security-Policy."""

    permission_classes: Sequence[Any] = [IsAdminUserOrDebug]
    http_method_names: Sequence[str] = ["get", "head"]
    schema: ViewInspector | None = None

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Add the headers, to refusals as well."""
        finished = super().finalize_response(request, response, *args, **kwargs)
        for name, value in {**HEADERS, "Content-Security-Policy": self.get_policy(request)}.items():
            finished.headers[name] = value
        return finished

    def get_policy(self, request: HttpRequest | Request) -> str:
        """Give the Content-Security-Policy. Override it to let the page talk to sockets of another host."""
        return content_security_policy(request)


class ExplorerView(GuardedView):
    """Show the page. It holds nothing of the project; all that comes from the catalogue, at ``catalogue/`` below it."""

    renderer_classes: Sequence[type[BaseRenderer]] = [TemplateHTMLRenderer]
    template_name = "wsdrf/explorer/index.html"

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Make the view. Raises ``ConfigurationError`` where the page and its files could not be found."""
        if not apps.is_installed("wsdrf"):
            raise ConfigurationError(
                "The explorer's page and its files belong to the app wsdrf, which is not installed. "
                'Add "wsdrf" to INSTALLED_APPS.'
            )
        if not settings.STATIC_URL:
            raise ConfigurationError(
                "The explorer's script and style are static files, and STATIC_URL is not set. "
                'Add "django.contrib.staticfiles" to INSTALLED_APPS, and set STATIC_URL = "static/".'
            )
        return super().as_view(**initkwargs)

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Give the page."""
        return Response(
            {
                "title": about_project().title,
                "catalogue": catalogue_address(request),
                "username": username_of(request),
                "login": login_address(request),
            }
        )


class CatalogueView(GuardedView):
    """Give every consumer and action that the viewer may know of, as JSON."""

    renderer_classes: Sequence[type[BaseRenderer]] = [CatalogueRenderer]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Describe the project. Raises ``ConfigurationError`` as ``wsdrf.asyncapi.describe_project`` does."""
        seen = survey(application_of_project())
        return Response(
            {
                "title": about_project().title,
                "user": username_of(request) or None,
                "close_codes": CLOSE_CODES,
                "consumers": describe_consumers(
                    (mount for mount in seen.mounts if not mount.obstacle),
                    lambda mount, route: self.may_list(request, mount, route),
                ),
                "strangers": self.get_strangers(request, seen),
            }
        )

    def may_list(self, request: Request, mount: Mount, route: Route | None) -> bool:
        """Tell whether the viewer may know of a consumer, where ``route`` is ``None``, or of one of its actions.

        By default of all, since only staff get here. Override it together with ``permission_classes``.
        """
        return True

    def get_strangers(self, request: Request, seen: Survey) -> list[str]:
        """Name what else is there, at which path; for staff, and for all in ``DEBUG``."""
        if not IsAdminUserOrDebug().has_permission(request, self):
            return []
        return [f"{stranger.name} at {stranger.path}" for stranger in seen.strangers]


def username_of(request: Request) -> str:
    """Name who is logged in; empty for nobody, for whom a project may have ``None``."""
    user: Any = request.user
    return str(user.get_username()) if user and user.is_authenticated else ""


def catalogue_address(request: Request) -> str:
    """Give the address of the catalogue of the page that is asked for, a path."""
    return escape_leading_slashes(escape_uri_path(f"{request.path.rstrip('/')}/catalogue/"))


def login_address(request: Request) -> str:
    """Give where to log in, with the way back; empty where the project has no such page.

    That is ``LOGIN_URL``, or else the login of DRF's browsable API.
    """
    login = _page_of(str(settings.LOGIN_URL)) or _reversed("rest_framework:login")
    return redirect_to_login(request.get_full_path(), login).url if login else ""


def _page_of(setting: str) -> str:
    """Give the address that ``LOGIN_URL`` leads to; empty where the project has nothing there."""
    try:
        address: str = resolve_url(setting)
        parts = urlsplit(address)
        if not parts.netloc:
            resolve("/" + parts.path.removeprefix(get_script_prefix()).lstrip("/"))
    except (NoReverseMatch, Resolver404, ValueError):
        return ""
    return address


def _reversed(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
