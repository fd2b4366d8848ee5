"""Strangers, foreign pages and requests that no page of ours makes: nobody gets through, and STS hears nothing of it."""

from collections.abc import Callable

import pytest
from browsers import Answer, Browser
from servers import Server
from simulator import Simulator

Note = Callable[[Server, str, list[Answer]], None]
Users = Callable[[int], list[str]]
JSON = "application/json"


def assert_all_refused(simulator: Simulator, answers: list[Answer], *statuses: int) -> None:
    """Refused with one of these statuses, in our own words, before STS was asked."""
    for answer in answers:
        assert answer.status in statuses, answer
        assert set(answer.error) == {"code", "message"}
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers
    assert simulator.calls() == 0
    assert simulator.sts()["issued"] == 0


def test_pages_of_the_site_and_of_allowed_origins_get_credentials(
    server: Server, simulator: Simulator, users: Users, noted: Note
) -> None:
    browser = Browser(server.port, *users(1))
    answers = [
        browser.ask(),
        browser.ask(Origin=f"http://127.0.0.1:{server.port}"),
        browser.ask(Origin="https://app.example", Sec_Fetch_Site="cross-site"),
        browser.ask("POST", body=b"{}", Origin="https://app.example", Content_Type=JSON),
    ]
    noted(server, "pages that may ask", answers)
    assert [answer.status for answer in answers] == [200] * len(answers)
    assert len({answer.body for answer in answers}) == len(answers), "everybody gets credentials of their own"
    assert simulator.sts()["issued"] == len(answers)


def test_nobody_who_is_not_signed_in(server: Server, simulator: Simulator, users: Users, noted: Note) -> None:
    (cookie,) = users(1)
    forged = [None, "", "x", cookie[:-1], cookie[:-1] + ("a" if cookie[-1] != "a" else "b"), cookie.upper()]
    answers = [Browser(server.port, one).ask() for one in forged for _ in range(5)]
    noted(server, "anonymous, forged sessions", answers)
    assert_all_refused(simulator, answers, 401)


def test_no_page_of_another_origin(server: Server, simulator: Simulator, users: Users, noted: Note) -> None:
    here = f"http://127.0.0.1:{server.port}"
    origins = [
        "null",
        "https://evil.example",
        "https://app.example.evil.example",
        "https://evil.app.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example/",
        "HTTPS://APP.EXAMPLE",
        f"{here}.evil.example",
        "http://127.0.0.1",
        f"https://127.0.0.1:{server.port}",
        f"{here},https://evil.example",
        "*",
    ]
    browser = Browser(server.port, *users(1))
    answers = [
        browser.ask(method, body=body, Origin=origin, Sec_Fetch_Site=site, Content_Type=JSON)
        for origin in origins
        for site in ("same-origin", "cross-site", "")
        for method, body in (("GET", None), ("POST", b"{}"))
    ]
    noted(server, "wrong origin", answers)
    assert_all_refused(simulator, answers, 403)


def test_no_preflight_of_another_origin(server: Server, simulator: Simulator) -> None:
    answer = Browser(server.port).ask("OPTIONS", Origin="https://evil.example", Access_Control_Request_Method="POST")
    assert answer.status == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_no_request_that_another_page_can_cause(
    server: Server, simulator: Simulator, users: Users, noted: Note
) -> None:
    """A signed-in user's browser is made to ask by a link, an image, a frame or a form of somebody else's page."""
    browser = Browser(server.port, *users(1))
    form = "application/x-www-form-urlencoded"
    answers = [
        browser.ask(Accept="text/html"),
        browser.ask(Sec_Fetch_Site="cross-site"),
        browser.ask(Sec_Fetch_Site="same-site"),
        browser.ask(Sec_Fetch_Site="none", Sec_Fetch_Dest="document", Sec_Fetch_Mode="navigate"),
        browser.ask(Sec_Fetch_Site="same-origin", Sec_Fetch_Dest="document"),
        browser.ask(Sec_Fetch_Site="same-origin", Sec_Fetch_Dest="iframe"),
        browser.ask(Sec_Fetch_Site="same-origin", Sec_Fetch_Dest="image"),
        browser.ask("POST", body=b"a=b", Content_Type=form),
        browser.ask("POST", body=b"{}", Content_Type="text/plain"),
        browser.ask("POST", body=b"{}", Content_Type="text/plain", Sec_Fetch_Site="cross-site"),
        browser.ask(Authorization="Basic dXNlcjpwYXNz"),
    ]
    noted(server, "no header that only our page sends", answers)
    assert_all_refused(simulator, answers, 403)


def test_no_form_even_of_our_own(server: Server, simulator: Simulator, users: Users, noted: Note) -> None:
    browser = Browser(server.port, *users(1))
    here = f"http://127.0.0.1:{server.port}"
    types = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
    answers = [browser.ask("POST", body=b"{}", Origin=here, Content_Type=kind) for kind in types]
    answers.append(browser.ask("POST", body=b" " * 10_000, Origin=here, Content_Type=JSON))
    noted(server, "forms, long bodies", answers)
    assert_all_refused(simulator, answers, 413, 415)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_no_other_method(server: Server, simulator: Simulator, users: Users, method: str) -> None:
    answer = Browser(server.port, *users(1)).ask(method)
    assert_all_refused(simulator, [answer], 405)
    assert "GET" in answer.headers["allow"]
