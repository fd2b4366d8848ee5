#!/usr/bin/env bash
# The lines of the tutorial, in their order.
set -euo pipefail

# region demo
cargo xtask demo
# endregion demo

# region simulator
cargo run -p nova-sonic-sim
# endregion simulator

# region variables
export AWS_ENDPOINT_URL=https://localhost:18443
export AWS_CA_BUNDLE=$PWD/nova-sonic-sim-ca.pem
export AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE
export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
# endregion variables

# region python
cargo xtask build python --dev
python3 -m venv talking
talking/bin/pip install bindings-python/dist/nova_sonic-*.whl
# endregion python

# region ask
talking/bin/python docs/examples/python/ask.py
# endregion ask

# region speak
talking/bin/python docs/examples/python/speak.py examples/talk/recordings/question.wav
# endregion speak

# region tools
talking/bin/python docs/examples/python/tools.py
# endregion tools

# region aws
unset AWS_ENDPOINT_URL AWS_CA_BUNDLE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
export AWS_PROFILE=voice
cargo run -p talk -- --in examples/talk/recordings/question.wav --out answer.wav
# endregion aws

# region player
export VOICE_ROLE_ARN=arn:aws:iam::111122223333:role/nova-sonic-voice
cargo xtask demo --aws
# endregion player
