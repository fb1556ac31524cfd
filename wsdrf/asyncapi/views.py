"""Serve the document, to those who may see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from rest_framework.permissions import IsAdminUser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from wsdrf.asyncapi.document import describe_project
from wsdrf.asyncapi.writing import HAS_YAML, write_json, write_yaml


class IsAdminUserOrDebug(IsAdminUser):
    """Let everybody in where ``DEBUG`` is on, and staff alone where it is not."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether the document may be seen."""
        return settings.DEBUG or super().has_permission(request, view)


class AsyncAPIJSONRenderer(BaseRenderer):
    """Write a document as JSON."""

    media_type = "application/json"
    format = "json"
    charset: str | None = None  # both formats are UTF-8 by themselves

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        """Write the document, or the words of a refusal."""
        return write_json(data).encode()


class AsyncAPIYAMLRenderer(AsyncAPIJSONRenderer):
    """Write a document as YAML."""

    media_type = "application/yaml"
    format = "yaml"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        """Write the document, or the words of a refusal."""
        return write_yaml(data).encode()


class AsyncAPIView(APIView):
    """Answer with the project's AsyncAPI document: as JSON, or as YAML by ``?format=yaml`` or the ``Accept`` header."""

    permission_classes: Sequence[Any] = [IsAdminUserOrDebug]
    renderer_classes: Sequence[type[BaseRenderer]] = [
        AsyncAPIJSONRenderer,
        *([AsyncAPIYAMLRenderer] if HAS_YAML else []),
    ]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Describe the project. Raises ``ConfigurationError`` as ``describe_project`` does."""
        return Response(describe_project())
