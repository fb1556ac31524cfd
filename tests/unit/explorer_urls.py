"""The URLs of the explorer's site; Django loads them by name, once the settings of a test are in force."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from tests.unit.explorer_site import Open
from wsdrf.connection.mounts import Mount
from wsdrf.explorer.views import CatalogueView, ExplorerView
from wsdrf.routing import Route


class Team(CatalogueView):
    """For everybody, and without what is the board's."""

    permission_classes = [AllowAny]

    def may_list(self, request: Request, mount: Mount, route: Route | None) -> bool:
        return mount.consumer_class is Open and (route is None or route.action != "open.plan")


def login(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("login")


urlpatterns = [
    path("ws-explorer/", include("wsdrf.explorer.urls")),
    path("team/", ExplorerView.as_view(permission_classes=[AllowAny])),
    path("team/catalogue/", Team.as_view()),
    path("<path:where>/page/", ExplorerView.as_view(permission_classes=[AllowAny])),
    path("accounts/login/", login, name="enter"),
    path("api-auth/", include(([path("login/", login, name="login")], "rest_framework"))),
]
