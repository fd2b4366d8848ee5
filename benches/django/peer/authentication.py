"""Tokens, as Django REST framework takes them."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from tokens import TokenUser, user_of


class BearerAuthentication(BaseAuthentication):
    """Users with a token."""

    def authenticate(self, request: Request) -> tuple[TokenUser, None] | None:
        """Whom the token vouches for."""
        user = user_of(request)
        return None if user is None else (user, None)

    def authenticate_header(self, request: Request) -> str:
        """What makes a refusal a 401."""
        return "Bearer"
