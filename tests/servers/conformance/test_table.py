"""The suite itself, and the page that shows its table."""

import inspect
import pathlib
import re

import conformance
import pytest
from servers.conformance.cases import CASES
from servers.conformance.choice import SLICE, chosen
from servers.conformance.servers import SERVERS

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/servers-table.md").read_text()


def rows(text):
    """Return the cells of the tables' rows, without heads."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_there_are_cases_enough():
    assert len(CASES) >= 80
    assert len({case.name for case in CASES}) == len(CASES)


def test_what_a_server_lacks_has_a_reason_and_a_case():
    needed = {capability for case in CASES for capability in case.otherwise}
    lacked = {capability for server in SERVERS for capability in server.lacks}
    assert lacked == needed
    for server in SERVERS:
        for capability, reason in server.lacks.items():
            assert len(reason) > 10, (server, capability)


def test_a_case_without_its_capability_asserts_something():
    for case in CASES:
        for check in case.otherwise.values():
            source = inspect.getsource(check)
            assert check is not case.check
            assert "assert" in source or "(served)" in source.partition(":")[2]


def test_the_page_has_every_case_and_every_server():
    titles = [row[0] for row in rows(PAGE)]
    for case in CASES:
        assert titles.count(case.title) == 1, "run: python tools/conformance.py --write"
    heads = [row[1:] for row in rows(PAGE) if row[0] == ""]
    assert heads and all(head == [server.name for server in SERVERS] for head in heads)


def test_the_page_has_no_case_that_fails_and_none_that_is_gone():
    titles = {case.title: case for case in CASES}
    for row in rows(PAGE):
        if row[0] == "" or len(row) != len(SERVERS) + 1:
            continue
        case = titles[row[0]]
        marks = [
            conformance.WITHOUT if case.lacking(server) else conformance.YES for server in SERVERS
        ]
        assert row[1:] == marks, row[0]


def test_the_page_says_what_servers_lack():
    for line in conformance.without(SERVERS):
        assert line in PAGE


def test_servers_are_chosen_by_name():
    assert chosen("all") == SERVERS
    assert [server.name for server in chosen("slice")] == list(SLICE)
    assert [server.name for server in chosen("waitress; built-in")] == ["waitress", "built-in"]
    with pytest.raises(SystemExit, match="there is no server 'apache'"):
        chosen("apache")


def test_every_server_of_the_list_is_installed_by_the_session():
    text = (ROOT / "noxfile.py").read_text()
    installed = re.search(r"^FOREIGN_SERVERS = \[(.*?)^\]", text, re.S | re.M)[1]
    for server in SERVERS:
        if server.module:
            assert server.module.replace("_", "-") in installed, server
