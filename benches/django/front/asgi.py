"""What uvicorn serves."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "front.settings")
application = get_asgi_application()

from nova_sonic.django.asgi import with_credentials  # noqa: E402

application = with_credentials(application, path="/api/aws-credentials/")
