"""For uvicorn and its kin: ``uvicorn mysite.asgi:application``."""

# region asgi
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
django_application = get_asgi_application()  # the apps are there from here on

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path
from stories.voice import StoryConsumer

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": AuthMiddlewareStack(URLRouter([path("ws/stories/<int:story>/voice/", StoryConsumer.as_asgi())])),
    }
)
# endregion asgi
