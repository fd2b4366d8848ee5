"""Optional models: which user talked when, about what, over which transport, how it ended, and what it used.

    INSTALLED_APPS += ["nova_sonic.django", "nova_sonic.django.sessions"]   # then: manage.py migrate
    NOVA_SONIC = {..., "SESSIONS": {"TRANSCRIPT_DAYS": 30}}                 # only if what was said is to be kept

``models`` has the rows, ``consumers`` a relay that fills them, ``reports`` what a page says of a conversation that it held
with the service directly. What people say is stored only where ``TRANSCRIPT_DAYS`` is set, and
``manage.py nova_sonic_forget``, run once a day, deletes it after that time. It needs ``django.contrib.auth`` and
``django.contrib.contenttypes``.
"""
