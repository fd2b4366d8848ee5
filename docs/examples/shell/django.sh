#!/usr/bin/env bash
# What the guide for Django runs, inside the project.
set -euo pipefail

# region check
python manage.py check --deploy
python manage.py nova_sonic_check
# endregion check

# region serve
uvicorn mysite.asgi:application --lifespan off --ws-max-size 1000000
# endregion serve

# region pipeline
python manage.py nova_sonic_check --json --no-stream
# endregion pipeline
