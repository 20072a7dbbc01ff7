"""The application, served by each platform."""

import harness
import pytest


@pytest.fixture(scope="module", params=sorted(harness.PLATFORMS))
def server(request):
    """The application of app.py; one process for a module's tests."""
    served = harness.PLATFORMS[request.param]()
    served.platform = request.param
    yield served
    served.stop()


@pytest.fixture(params=sorted(harness.PLATFORMS))
def fresh(request):
    """The same, in a process of its own for each test."""
    served = harness.PLATFORMS[request.param]()
    served.platform = request.param
    yield served
    served.stop()
