"""Every case on every server that is chosen.

The environment variable ``CONFORMANCE`` chooses: ``slice``, ``all``, or names of servers with ``;``
between them; all of them have to be installed. Without it, the built-in server is asked on both platforms.
"""

import os

import pytest
from servers.conformance.cases import CASES
from servers.conformance.choice import chosen

SERVERS = chosen(os.environ.get("CONFORMANCE", "built-in; built-in, MicroPython"))


@pytest.fixture(scope="module", params=SERVERS, ids=str)
def served(request):
    missing = request.param.missing()
    assert not missing, "%s needs the module %s" % (request.param, missing)
    running = request.param.start()
    yield running
    running.stop()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(served, case):
    case.run(served)
