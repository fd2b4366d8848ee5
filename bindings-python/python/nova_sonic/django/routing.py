"""The relay's address for Django Channels: ``URLRouter(websocket_urlpatterns)`` serves ``voice/``."""

from __future__ import annotations

from django.urls import path

from nova_sonic.django.consumers import VoiceRelayConsumer

websocket_urlpatterns = [path("voice/", VoiceRelayConsumer.as_asgi(), name="nova-sonic-relay")]
