"""How users of the projects with tokens prove who they are: a signed number, as stateless JSON web tokens are."""

from dataclasses import dataclass

from django.core import signing
from django.http import HttpRequest

SIGNER = signing.TimestampSigner(salt="bench")
MOST_SECONDS = 86_400


@dataclass(frozen=True)
class TokenUser:
    """Somebody whom the token vouches for; no database is asked."""

    pk: int
    is_authenticated: bool = True
    is_active: bool = True


def token_of(key: int) -> str:
    """The token of a user."""
    return SIGNER.sign(str(key))


def user_of(request: HttpRequest) -> TokenUser | None:
    """Whom a request's token vouches for."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        return None
    try:
        return TokenUser(pk=int(SIGNER.unsign(token, max_age=MOST_SECONDS)))
    except (signing.BadSignature, ValueError):
        return None


async def auser_of(request: HttpRequest) -> TokenUser | None:
    """The same for the event loop, which nothing in it would block."""
    return user_of(request)
