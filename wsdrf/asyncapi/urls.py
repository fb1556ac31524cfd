"""Mount the document: ``path("asyncapi/", include("wsdrf.asyncapi.urls"))``."""

from __future__ import annotations

from django.urls import path

from wsdrf.asyncapi.views import AsyncAPIView

app_name = "wsdrf-asyncapi"
urlpatterns = [path("", AsyncAPIView.as_view(), name="document")]
