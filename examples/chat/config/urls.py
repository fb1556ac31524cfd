"""Every HTTP address of the demo; the WebSocket addresses are in ``rooms.consumers``."""

from django.contrib import admin
from django.urls import include, path
from rooms.views import page

urlpatterns = [
    path("", page, name="page"),
    path("api/", include("rooms.api.urls")),
    path("admin/", admin.site.urls),
    path("ws-explorer/", include("wsdrf.explorer.urls")),
]
