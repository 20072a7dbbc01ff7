"""A pytest plugin for the tests of applications and of plugins."""

from typing import Any, Callable, Iterator

import pytest


@pytest.fixture
def microdot_client() -> "Callable[..., Any]":
    """Return a function that makes a ``TestClient`` for an application."""
    from ..test_client import TestClient

    return TestClient


@pytest.fixture
def microdot_plugins(monkeypatch: pytest.MonkeyPatch) -> "Iterator[pytest.MonkeyPatch]":
    """Look for installed plugins afresh, and let a broken one fail the test."""
    from . import discovery

    monkeypatch.setenv("MICRODOT_STRICT", "1")
    discovery.reset()
    yield monkeypatch
    discovery.reset()
