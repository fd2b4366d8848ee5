"""A Django app that hands a signed-in user's browser credentials for one Nova Sonic stream, and for nothing else.

Add it to a project in three steps::

    # settings.py
    INSTALLED_APPS += ["nova_sonic.django"]
    NOVA_SONIC = {
        "REGION": "us-east-1",
        "ROLE_ARN": "arn:aws:iam::123456789012:role/story-voice",
    }

    # urls.py
    urlpatterns += [path("api/", include("nova_sonic.django.urls"))]   # serves api/aws-credentials/

    # shell
    python manage.py nova_sonic_check

``conf`` lists every setting, ``checks`` every system check, ``signals`` what a project can listen to.
"""
