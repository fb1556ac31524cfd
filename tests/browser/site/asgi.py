"""The ASGI application of the project whose explorer the tests open: pages with their files, and the consumers."""

from __future__ import annotations

from channels.routing import ProtocolTypeRouter, URLRouter
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

django_asgi = get_asgi_application()

from tests.browser.site.consumers import websocket_urlpatterns  # noqa: E402  (the models can be imported only now)

application = ProtocolTypeRouter(
    {"http": ASGIStaticFilesHandler(django_asgi), "websocket": URLRouter(websocket_urlpatterns)}
)
