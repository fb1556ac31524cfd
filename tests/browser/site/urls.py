"""The pages of the project: its explorer for staff, another one for everybody, and doors in and out."""

from __future__ import annotations

from django.contrib.auth import login, logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from wsdrf.connection.mounts import Mount
from wsdrf.explorer.views import CatalogueView, ExplorerView
from wsdrf.routing import Route


class Some(CatalogueView):
    """For everybody, and without what they may not know of."""

    def may_list(self, request: Request, mount: Mount, route: Route | None) -> bool:
        """List what is in the hall to who is logged in, without how to close it; nothing to anybody else."""
        return (
            bool(request.user.is_authenticated)
            and mount.name == "HallConsumer"
            and getattr(route, "action", "") != "hall.close"
        )


EVERYBODY = {"authentication_classes": [SessionAuthentication], "permission_classes": [AllowAny]}


def enter(request: HttpRequest, name: str) -> HttpResponse:
    """Log somebody in, without a question."""
    login(request, User.objects.get(username=name))
    return HttpResponseRedirect(request.GET.get("next", "/leave/"))


@csrf_exempt
def leave(request: HttpRequest) -> HttpResponse:
    """Log out, if asked by the form of the page."""
    if request.method == "POST":
        logout(request)
        return HttpResponse("You are out.")
    return HttpResponse('<!doctype html><title>Out?</title><form method="post"><button>Log out</button></form>')


urlpatterns = [
    path("ws-explorer/", include("wsdrf.explorer.urls")),
    path("open/", ExplorerView.as_view(**EVERYBODY)),
    path("open/catalogue/", CatalogueView.as_view(**EVERYBODY)),
    path("some/", ExplorerView.as_view(**EVERYBODY)),
    path("some/catalogue/", Some.as_view(**EVERYBODY)),
    path("enter/<str:name>/", enter),
    path("leave/", leave),
]
