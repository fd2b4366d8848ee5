"""Forking servers: each worker has a broker and connections of its own."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest
from fakes import FakeBroker
from nova_sonic.django import brokers, limits


def in_a_child(check: Any) -> bool:
    """Runs a check in a forked process."""
    pid = os.fork()
    if pid == 0:  # pragma: no cover
        passed = False
        try:
            passed = bool(check())
        finally:
            os._exit(0 if passed else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_child_builds_its_own(broker: FakeBroker) -> None:
    mine, kept = brokers.current(), limits.store()
    assert brokers.current() is mine and limits.store() is kept
    assert in_a_child(lambda: brokers._broker is None and limits._store is None)
    assert in_a_child(lambda: brokers.current() is not None and limits.store() is not kept)
    assert brokers.current() is mine and limits.store() is kept


def test_a_fork_in_the_middle_of_building_does_not_hang_the_child(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    slow = threading.current_thread()

    def build(settings: Any) -> FakeBroker:
        if threading.current_thread() is not slow:
            begun.set()
            go_on.wait(60)
        return broker

    monkeypatch.setattr(brokers, "build", build)
    thread = threading.Thread(target=brokers.current)
    thread.start()
    begun.wait(60)
    try:
        assert in_a_child(lambda: brokers.current() is broker)
    finally:
        go_on.set()
        thread.join()
