"""For uvicorn."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
application = get_asgi_application()
if os.environ.get("PROJECT_IN_FRONT") == "1":
    from nova_sonic.django.asgi import with_credentials

    application = with_credentials(application)
