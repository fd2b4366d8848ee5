"""The API for reading: one's own stories, for those who are signed in."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from stories.models import Story

ADDRESSES = [
    ("GET", "/api/me/"),
    ("GET", "/api/stories/"),
    ("GET", "/api/stories/{story}/"),
    ("POST", "/api/stories/{story}/start_voice_session/"),
    ("POST", "/api/stories/{story}/end_voice_session/"),
    ("POST", "/api/stories/{story}/revise/"),
]


def error_of(response: Any) -> tuple[int, str]:
    body = response.json()
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message"}
    assert response["Cache-Control"] == "no-store"
    return response.status_code, body["error"]["code"]


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_who_is_not_signed_in_is_told_so_in_json(fox: Story, method: str, address: str) -> None:
    answer = Client().generic(method, address.format(story=fox.pk), "{}", content_type="application/json")
    assert error_of(answer) == (401, "sign_in_required")


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_there_is_one_method_for_each(fox: Story, page: Client, method: str, address: str) -> None:
    answer = page.generic("POST" if method == "GET" else "GET", address.format(story=fox.pk))
    assert error_of(answer) == (405, "method_refused") and answer["Allow"] == method


@pytest.mark.parametrize(("method", "address"), ADDRESSES[2:])
def test_the_stories_of_others_do_not_exist(fox: Story, other: Client, method: str, address: str) -> None:
    for story in (fox.pk, 4711):
        answer = other.generic(method, address.format(story=story), "{}", content_type="application/json")
        assert error_of(answer) == (404, "not_found")


def test_everybody_sees_their_own(fox: Story, page: Client, other: Client) -> None:
    listed = {"id": fox.pk, "title": "The little fox", "language": "en", "revision": 1}
    assert page.get("/api/stories/").json() == {"stories": [listed]}
    assert other.get("/api/stories/").json() == {"stories": []}
    assert page.get("/api/me/").json() == {"username": "mila", "name": "Mila"}
    assert other.get("/api/me/").json() == {"username": "paul", "name": "paul"}


def test_a_story_tells_how_it_became_what_it_is(fox: Story, mila: Any, page: Client) -> None:
    fox.revisions.create(number=2, text="The fox had a friend.", wish="A friend.", author=mila)
    story = page.get(f"/api/stories/{fox.pk}/").json()
    assert (story["text"], story["revision"]) == ("The fox had a friend.", 2)
    told = [(revision["number"], revision["wish"], revision["author"]) for revision in story["revisions"]]
    assert told == [(1, "", ""), (2, "A friend.", "Mila")]
    assert all(revision["created"].endswith("+00:00") for revision in story["revisions"])


def test_a_list_costs_one_query_however_long_it_is(
    fox: Story, mila: Any, page: Client, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        Story.objects.create(owner=mila, title=str(number)).revisions.create(number=1, text=".")
    with django_assert_num_queries(3):  # session, user, stories
        assert len(page.get("/api/stories/").json()["stories"]) == 6
