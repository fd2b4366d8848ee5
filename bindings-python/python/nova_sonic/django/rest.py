"""The same endpoint for projects that use Django REST framework: its authentication, permissions and throttles apply.

    from nova_sonic.django.rest import CredentialsView

    urlpatterns += [path("api/aws-credentials/", CredentialsView.as_view())]

Users are found by ``DEFAULT_AUTHENTICATION_CLASSES`` (tokens, sessions, whatever the project has), answers are exactly
those of the plain view, and so are the limits. REST framework's views are synchronous: under ASGI Django runs them in a
thread. Where that matters and ``AUTHENTICATE`` can find the user, the plain view is the faster one.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from nova_sonic.django import brokers, limits, refusals, subjects
from nova_sonic.django.exchange import Exchange


class MayTalk(BasePermission):
    """Lets in whom the plain view lets in: a signed-in user, by the project's ``AUTHORIZE`` if there is one."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Finds the subject. A refusal is raised, because it says more than ``False``."""
        _visit(request).identify(request)
        return True


class CredentialsThrottle(BaseThrottle):
    """``NOVA_SONIC["LIMITS"]``. What it lets in, :class:`CredentialsView` ends, so it belongs to no other view."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Takes the subject's lease. A limit that is met is raised, because its answer says until when."""
        _visit(request).lease(request)
        return True


class CredentialsView(APIView):
    """``GET`` and ``POST`` answer with credentials for one Nova Sonic stream.

    A subclass may add the project's permissions and throttles to the two here. One that leaves these out changes only
    when they are judged: the view itself issues nothing without them.
    """

    permission_classes = (MayTalk,)
    throttle_classes = (CredentialsThrottle,)
    renderer_classes = (JSONRenderer,)
    http_method_names = ["get", "post", "options"]  # noqa: RUF012
    login_required = False
    """Keeps ``LoginRequiredMiddleware`` from answering with a redirect to a page what is 401 here."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Judges method, origin and body first, answers a preflight, and ends the lease whatever happens."""
        visit = _Visit(request)
        setattr(request, _VISIT, visit)
        try:
            if (preflight := visit.exchange.open()) is not None:
                return preflight
        except refusals.Refused as error:
            return visit.exchange.refuse(error)
        with visit.held:
            response: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[assignment]
        return response

    def get(self, request: Request) -> HttpResponse:
        """Issues credentials."""
        visit = _visit(request)
        visit.lease(request)
        with visit.held:
            grant = brokers.current().issue(visit.identify(request))
        visit.exchange.issued(grant)
        return visit.exchange.granted(grant)

    post = get

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """There is one form of answer, whatever the request accepts."""
        return super().perform_content_negotiation(request, force=True)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """The plain view's answers instead of REST framework's."""
        response = _visit(self.request).exchange.refuse(_refusal(exc))
        if response.status_code == 401 and (challenge := self.get_authenticate_header(self.request)):
            response["WWW-Authenticate"] = challenge
        return response


class _Visit:
    """What is known so far about one request, on its way through REST framework's steps."""

    def __init__(self, request: HttpRequest) -> None:
        self.exchange = Exchange(request)
        self.held = ExitStack()
        self._subject: str | None = None
        self._leased = False

    def identify(self, request: Request) -> str:
        if self._subject is None:
            user = subjects.subject_of_user(request.user)
            self._subject = self.exchange.known(subjects.authorize(request, self.exchange.settings, user))
        return self._subject

    def lease(self, request: Request) -> None:
        if not self._leased:
            self.identify(request)
            self.held.enter_context(limits.lease(self.exchange.demand()))
            self._leased = True


def _visit(request: Request) -> _Visit:
    visit = getattr(request, _VISIT, None)
    if not isinstance(visit, _Visit):
        raise TypeError("MayTalk and CredentialsThrottle belong to CredentialsView")
    return visit


def _refusal(error: Exception) -> Exception:
    if isinstance(error, (exceptions.NotAuthenticated, exceptions.AuthenticationFailed)):
        return refusals.sign_in_required()
    if isinstance(error, exceptions.PermissionDenied):
        return refusals.not_authorized("a permission of the project, or its CSRF check")
    if isinstance(error, exceptions.MethodNotAllowed):
        return refusals.method_refused()
    if isinstance(error, exceptions.Throttled):
        return refusals.limit_exceeded("a throttle of the project", getattr(error, "wait", None) or 1.0)
    return error


_VISIT = "_nova_sonic_visit"
