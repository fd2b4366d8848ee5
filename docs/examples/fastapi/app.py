"""``uvicorn app:app``."""

# region setup
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from nova_sonic import CredentialBroker, ScopePolicy, VoiceClient
from nova_sonic.asgi import relay_app
from nova_sonic.errors import LimitExceeded, NovaSonicError
from nova_sonic.relay import RelayHandler, RelayRules
from starlette.middleware.sessions import SessionMiddleware

REGION = "us-east-1"
handler = RelayHandler(VoiceClient(region_name=REGION))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    handler.shut_down()  # nobody else comes in; those who talk go on at another server
    await handler.emptied()


app = FastAPI(lifespan=lifespan)
app.add_middleware(SessionMiddleware, secret_key=os.environ["SECRET_KEY"], same_site="strict")
# endregion setup


# region user
def current_user(request: Request) -> str:
    """Your own way of knowing who is signed in."""
    user = request.session.get("user")
    if user is None:
        raise HTTPException(401, "sign in first")
    return str(user)


# endregion user


@app.post("/login/{user}")
def log_in(user: str, request: Request) -> None:
    """Stands for the application's own login."""
    request.session["user"] = user


# region credentials
broker = CredentialBroker(  # one for the process
    scope=ScopePolicy(region=REGION),
    role_arn=os.environ["VOICE_ROLE_ARN"],
    session_name_key=os.environ["SESSION_NAME_KEY"],  # the same on every server, for ever
)


@app.get("/api/aws-credentials/")
async def aws_credentials(request: Request, user: Annotated[str, Depends(current_user)]) -> Response:
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(403, "ask from a page of this site")
    try:
        grant = await broker.issue_async(user)
    except LimitExceeded as error:
        raise HTTPException(429, error.code, {"Retry-After": str(ceil(error.retry_after or 60))}) from None
    except NovaSonicError as error:
        raise HTTPException(503 if error.retryable else 502, error.code) from error
    return Response(grant.to_json(), media_type="application/json", headers={"Cache-Control": "no-store"})


# endregion credentials


# region relay
def find_word(word: str) -> dict[str, str]:
    """Looks a word up in the children's dictionary."""
    return {"meaning": "a bird that is awake at night"}


def authorize(scope: Any) -> str | None:
    return scope["session"].get("user")  # None closes the socket with 4001


def session_config(scope: Any) -> RelayRules:
    return RelayRules(system_prompt="You tell stories to children.", client_tools=False)


app.mount("/voice", relay_app(handler, authorize=authorize, session_config=session_config, tools=[find_word]))
# endregion relay
