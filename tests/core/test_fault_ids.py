"""Every fault that is put right has a test that names its id."""

import ast
import pathlib
import re

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]

#: Group -> numbers; those of other extensions come with them.
GROUPS = {
    "HTTP": range(1, 30),
    "SRV": range(1, 10),
    "BODY": range(1, 8),
    "CORE": range(1, 32),
    "SEC": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    "MP": range(1, 12),
    "WS": range(1, 12),
    "SSE": range(1, 6),
    "SESS": [1, 2, 3, 4, 5],
    "AUTH": range(1, 8),
    "LOGIN": range(1, 9),
    "CORS": range(1, 7),
    "CSRF": range(1, 6),
    "ASGI": range(1, 12),
    "TEST": range(1, 4),
    "MPY": range(1, 4),
    "WSGI": range(1, 6),
}
IDS = ["w_%s_%02d" % (group.lower(), number) for group in GROUPS for number in GROUPS[group]]


def named():
    names = set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                names.update(re.findall(r"w_[a-z]+_\d\d", node.name))
    return names


NAMED = named()


@pytest.mark.parametrize("fault", IDS)
def test_a_fault_has_a_test(fault):
    assert fault in NAMED
