"""The ASGI application of the live tests: HTTP as Django serves it, and the consumers; no middleware above these."""

from __future__ import annotations

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

django_asgi = get_asgi_application()

from tests.live.app.consumers import websocket_urlpatterns  # noqa: E402  (the models can be imported only now)

application = ProtocolTypeRouter({"http": django_asgi, "websocket": URLRouter(websocket_urlpatterns)})
