"""How far the clock is off, asked of a server that says what time it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from nova_sonic.django import clock, conf


class Aws(HTTPServer):
    """Answers like STS to somebody without credentials: an error, with a date."""

    offset: float | None = 0.0
    status = 403


class Handler(BaseHTTPRequestHandler):
    server: Aws

    def do_HEAD(self) -> None:
        self.send_response_only(self.server.status)
        if self.server.offset is not None:
            self.send_header("Date", formatdate(time.time() + self.server.offset, usegmt=True))
        self.end_headers()


@pytest.fixture
def aws() -> Iterator[Aws]:
    server = Aws(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def at(server: Aws) -> conf.Settings:
    return conf.Settings(region="us-east-1", endpoint_url=f"http://127.0.0.1:{server.server_address[1]}")


@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize("offset", [0.0, 400.0, -86_400.0])
def test_it_is_measured_from_any_answer(aws: Aws, offset: float, status: int) -> None:
    aws.offset, aws.status = offset, status
    measured = clock.skew(at(aws))
    assert measured is not None and abs(measured - offset) < 5


def test_without_a_date_or_an_answer_nothing_is_said(aws: Aws) -> None:
    aws.offset = None
    assert clock.skew(at(aws)) is None
    assert clock.skew(conf.Settings(region="us-east-1", endpoint_url="http://127.0.0.1:1")) is None


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("us-east-1", "https://sts.us-east-1.amazonaws.com/"),
        ("us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com/"),
        ("cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn/"),
        ("eusc-de-east-1", "https://sts.eusc-de-east-1.amazonaws.eu/"),
        ("us-iso-east-1", None),
        ("", None),
    ],
)
def test_sts_is_where_the_region_is(region: str, url: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    assert clock.endpoint(conf.Settings(region=region)) == url


def test_or_where_the_settings_or_the_environment_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:2")
    assert clock.endpoint(conf.Settings(region="us-east-1")) == "http://127.0.0.1:2"
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:3")
    assert clock.endpoint(conf.Settings(region="us-east-1")) == "http://127.0.0.1:3"
    written: Any = conf.Settings(region="us-east-1", endpoint_url="http://127.0.0.1:4")
    assert clock.endpoint(written) == "http://127.0.0.1:4"
