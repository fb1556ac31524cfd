"""The HTTP side of the project: REST beside the sockets, in the same process."""

from __future__ import annotations

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.urls import path
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rest_framework.authentication import TokenAuthentication
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.live.app.consumers import Door, Renamed, Told


class PublishView(APIView):
    """Publish to the connections of a key: a message that goes out as it is, or an event that a method receives."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]

    def post(self, request: Request, key: str) -> Response:
        event = Renamed(name=request.data["name"]) if "name" in request.data else Told(text=request.data["text"])
        Door.publish(Door.group_name("key", key), event)
        return Response({"by": request.user.get_username()})


class LogoutView(APIView):
    """Log the session out, as Django does."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        logout(request._request)
        return Response({})


def metrics(request: HttpRequest) -> HttpResponse:
    """Give what Prometheus asks for."""
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


urlpatterns = [
    path("publish/<str:key>/", PublishView.as_view()),
    path("logout/", LogoutView.as_view()),
    path("metrics/", metrics),
]
