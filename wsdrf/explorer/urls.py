"""Mount the explorer: ``path("ws-explorer/", include("wsdrf.explorer.urls"))``."""

from __future__ import annotations

from django.urls import URLPattern, path

from wsdrf.explorer.views import CatalogueView, ExplorerView

app_name = "wsdrf-explorer"
urlpatterns: list[URLPattern] = [
    path("", ExplorerView.as_view(), name="page"),
    path("catalogue/", CatalogueView.as_view(), name="catalogue"),
]
