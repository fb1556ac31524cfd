"""The demo's ASGI application, for any ASGI server: ``uvicorn config.asgi:application``."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_asgi = get_asgi_application()

from rooms.consumers import websocket_urlpatterns  # noqa: E402  (the models can be imported only now)

application = ProtocolTypeRouter(
    {
        # Static files straight from the apps: for a demo. A site puts a web server or WhiteNoise in front.
        "http": ASGIStaticFilesHandler(django_asgi),
        "websocket": URLRouter(websocket_urlpatterns),
    }
)
