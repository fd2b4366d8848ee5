"""How the API answers: JSON, also when it refuses, and in one shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

View = Callable[..., dict[str, Any]]


class Refusal(Exception):
    """Why a request gets no answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> HttpResponse:
        """The answer of that shape."""
        return JsonResponse({"error": {"code": self.code, "message": self.message}}, status=self.status)


def api(method: str, *, status: int = 200) -> Callable[[View], Callable[..., HttpResponse]]:
    """Makes a view of a function that returns what is to be answered, for one method and those signed in."""

    def decorate(view: View) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                if request.method != method:
                    raise Refusal(405, "method_refused", f"ask by {method}")
                if not request.user.is_authenticated:
                    raise Refusal(401, "sign_in_required", "sign in first")
                response: HttpResponse = JsonResponse(view(request, *args, **kwargs), status=status)
            except Http404:
                response = Refusal(404, "not_found", "there is no such thing, or it is not yours").answer()
            except Refusal as refusal:
                response = refusal.answer()
            if response.status_code == 405:
                response.headers["Allow"] = method
            response.headers["Cache-Control"] = "no-store"
            return response

        return answer

    return decorate


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The request's JSON object, whatever its Content-Type: a beacon cannot name one. Nothing at all is an empty one."""
    try:
        body = json.loads(request.body or b"{}")
    except RequestDataTooBig:
        raise Refusal(413, "content_refused", "the body is too long") from None
    except (ValueError, RecursionError):
        raise Refusal(400, "content_refused", "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refusal(400, "content_refused", "the body must be a JSON object")
    return body


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For a request without the token that its page was given, such as one from a page that was open for weeks."""
    return Refusal(403, "csrf_refused", "reload the page and try again").answer()
