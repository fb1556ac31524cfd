"""Log in and out with Django's session, from JSON or a form."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login, logout
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from rest_framework import status
from rest_framework.authtoken.serializers import AuthTokenSerializer
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


# SessionAuthentication checks the CSRF token of those who are logged in; logging in needs the check as well.
@method_decorator(csrf_protect, name="dispatch")
class SessionView(APIView):
    """Tell who is logged in (GET), log in (POST ``username``, ``password``), log out (DELETE)."""

    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response({"username": request.user.get_username() or None})

    def post(self, request: Request) -> Response:
        credentials: Any = AuthTokenSerializer(data=request.data, context={"request": request})
        credentials.is_valid(raise_exception=True)
        user = credentials.validated_data["user"]
        login(request, user)
        return Response({"username": user.get_username()})

    def delete(self, request: Request) -> Response:
        logout(request)
        return Response(status=status.HTTP_204_NO_CONTENT)
