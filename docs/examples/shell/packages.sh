#!/usr/bin/env bash
# How a project gets the packages, as long as no registry has them.
set -euo pipefail

# region python
cargo xtask build python
pip install bindings-python/dist/nova_sonic-*.whl
# endregion python

# region django
pip install "channels>=4.3" "channels_redis>=4.3" "uvicorn[standard]>=0.54" "redis>=8.1"
# endregion django

# region fastapi
pip install "fastapi>=0.120" "uvicorn[standard]>=0.54" "itsdangerous>=2.2"
# endregion fastapi

# region web
cargo xtask build web
(cd bindings-wasm && npm pack)
npm install ./bindings-wasm/nova-sonic-web-0.1.0.tgz
# endregion web

# region node
cargo xtask build node
(cd bindings-node && npm pack)
npm install ./bindings-node/nova-sonic-node-0.1.0.tgz ws
# endregion node
