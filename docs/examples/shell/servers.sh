#!/usr/bin/env bash
# Servers of the other guides.
set -euo pipefail

# region fastapi
uvicorn app:app --ws-max-size 1000000
# endregion fastapi

# region relay
export NOVA_SONIC_TICKET_KEY=$(openssl rand -base64 32)
cargo run --release -p relay -- --region us-east-1 --redis-url redis://127.0.0.1:6379/0
# endregion relay
