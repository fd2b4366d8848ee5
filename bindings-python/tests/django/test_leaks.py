"""Nothing leaks: secrets are in the one answer that they are meant for, and nowhere else, however a request ends.

Breaks every step after the credentials exist, with ``DEBUG`` on, lets Django make its debug page and its mail to the
administrators out of it, and searches both, the log and every printed form for the secrets.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from conftest import Ask
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.views.debug import ExceptionReporter
from fakes import SECRET_KEY, SESSION_TOKEN, FakeBroker
from nova_sonic import errors
from nova_sonic.django import answers, exchange, limits, views
from nova_sonic.django.signals import credentials_issued, credentials_refused


class Broken(Exception):
    """Raised in the middle of things."""


def broken(*arguments: Any, **named: Any) -> Any:
    raise Broken("in the middle of things")


async def broken_async(*arguments: Any, **named: Any) -> Any:
    raise Broken("in the middle of things")


class BreaksAfterwards:
    """A middleware that fails when the credentials are already in the answer."""

    async_capable = sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self.get_response):
            return self.later(request)
        response: HttpResponse = self.get_response(request)
        raise Broken(f"after {response!r}")

    async def later(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = await self.get_response(request)  # type: ignore[misc]
        raise Broken(f"after {response!r}")


def escape(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets exceptions out of the view, as no code of ours does: then Django reports them with all frames."""
    monkeypatch.setattr(exchange.Exchange, "refuse", broken)
    monkeypatch.setattr(exchange.Exchange, "arefuse", broken_async)


def _in_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange.Exchange, "issued", broken)
    monkeypatch.setattr(exchange.Exchange, "aissued", broken_async)
    escape(monkeypatch)


def _in_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange.Exchange, "granted", broken)


def _in_the_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_response", broken)


def _in_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.store(), "settle", broken)
    monkeypatch.setattr(limits.store(), "asettle", broken_async)


def _in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange.Exchange, "_log_issue", broken)
    escape(monkeypatch)


STEPS = [_in_signals, _in_the_answer, _in_the_headers, _in_the_lease, _in_the_log]


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every debug page and every mail that Django makes."""
    made: list[str] = []
    for name in ("get_traceback_html", "get_traceback_text"):
        original = getattr(ExceptionReporter, name)

        def keep(self: Any, original: Any = original) -> str:
            made.append(original(self))
            return str(made[-1])

        monkeypatch.setattr(ExceptionReporter, name, keep)
    yield made


def search(*texts: Any) -> None:
    for text in texts:
        for secret in (SECRET_KEY, SESSION_TOKEN, SECRET_KEY[:20], SESSION_TOKEN[:20]):
            assert secret not in str(text)


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__.strip("_"))
def test_a_step_that_breaks_shows_no_secret(
    ask: Ask,
    user: Any,
    broker: FakeBroker,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    pages: list[str],
    step: Callable[[pytest.MonkeyPatch], None],
    debug: bool,
) -> None:
    settings.DEBUG = debug
    settings.ADMINS = [("ops", "ops@example.com")] if _names_admins() else ["ops@example.com"]
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.request").addHandler(mail := _mail())
    try:
        step(monkeypatch)
        response = ask(user=user)
    finally:
        logging.getLogger("django.request").removeHandler(mail)
    if step is _in_the_lease:
        assert response.status_code == 200  # issued is issued
        search(caplog.text)
        return
    assert response.status_code == 500 and broker.subjects
    from django.core import mail as outbox

    search(response.content.decode(), caplog.text, *pages, *[message.message() for message in outbox.outbox])
    assert not debug or any("Traceback" in page for page in pages)
    assert outbox.outbox and "Broken" in outbox.outbox[0].body


@pytest.mark.parametrize("debug", [True, False])
def test_a_middleware_that_breaks_afterwards_shows_no_secret(
    ask: Ask,
    user: Any,
    broker: FakeBroker,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    pages: list[str],
    debug: bool,
) -> None:
    settings.DEBUG = debug
    settings.MIDDLEWARE = ["test_leaks.BreaksAfterwards", *settings.MIDDLEWARE]
    caplog.set_level(logging.DEBUG)
    response = ask(user=user)
    assert response.status_code == 500 and broker.subjects
    search(response.content.decode(), caplog.text, *pages)
    assert (b"Broken" in response.content) is debug


@pytest.mark.parametrize(
    "error",
    [kind("what AWS wrote") for kind in (getattr(errors, name) for name in errors.__all__)] + [RuntimeError("x")],
    ids=lambda error: type(error).__name__,
)
def test_every_failure_of_the_broker_shows_no_secret(
    ask: Ask, user: Any, broker: FakeBroker, settings: Any, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    settings.DEBUG = True
    caplog.set_level(logging.DEBUG)
    broker.error = error
    response = ask(user=user)
    assert response.status_code >= 429
    search(response.content.decode(), caplog.text, repr(error), "".join(traceback.format_exception(error)))
    assert b"what AWS wrote" not in response.content


def test_success_is_silent(ask: Ask, user: Any, broker: FakeBroker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    heard: list[Any] = []

    def listen(**arguments: Any) -> None:
        heard.append(arguments)

    credentials_issued.connect(listen)
    credentials_refused.connect(listen)
    try:
        response = ask(user=user)
    finally:
        credentials_issued.disconnect(listen)
        credentials_refused.disconnect(listen)
    assert SECRET_KEY.encode() in response.content
    search(caplog.text, repr(response), repr(heard), *[repr(record.__dict__) for record in caplog.records])
    search(*(f"{name}: {value}" for name, value in response.items()))


def test_the_views_frames_hold_no_plain_secret(user: Any, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever collects variables of frames (crash reporters do) finds none in ours."""
    monkeypatch.setattr(exchange.Exchange, "granted", broken)
    request = RequestFactory().get("/", headers={"x-requested-with": "test"})
    request.user = user
    with pytest.raises(Broken) as caught:
        views.issue(request)
    frame = caught.value.__traceback__
    seen = 0
    while frame is not None:
        search(repr(frame.tb_frame.f_locals))
        seen += frame.tb_frame.f_code.co_filename.endswith("views.py")
        frame = frame.tb_next
    assert seen == 1


def _mail() -> logging.Handler:
    from django.utils.log import AdminEmailHandler

    return AdminEmailHandler(include_html=True)


def _names_admins() -> bool:
    import django

    return django.VERSION < (6, 0)
