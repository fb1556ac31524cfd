"""Mount the document: ``path("asyncapi/", include("wsdrf.asyncapi.urls"))``."""

from __future__ import annotations

from django.urls import URLPattern, path

from wsdrf.asyncapi.views import AsyncAPIView

app_name = "wsdrf-asyncapi"
urlpatterns: list[URLPattern] = [path("", AsyncAPIView.as_view(), name="document")]
