#!/usr/bin/env python3
"""Ask servers the conformance suite, and print the table case by server as Markdown.

    conformance.py [SERVER ...]      names as in the table, "slice", or "all"; default: what is installed
    conformance.py --write           ask all of them and write docs/servers-table.md
    conformance.py --list            print the names of the servers

It ends with 1 if a server fails a case; the errors are printed behind the table.
"""

import argparse
import importlib.metadata
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / folder) for folder in ("tests", "tests/faults", "tests/websocket")]

from servers.conformance.cases import CASES  # noqa: E402
from servers.conformance.choice import chosen  # noqa: E402
from servers.conformance.servers import SERVERS  # noqa: E402

PAGE = ROOT / "docs/servers-table.md"
YES, WITHOUT, NO = "\N{CHECK MARK}", "\N{EN DASH}", "**no**"

INTRODUCTION = """\
# One behaviour on every server

The same application, and the same %d cases as bytes on a socket, on each server. The page is written by
`python tools/conformance.py --write`; `nox -s servers` runs the cases in the tests.

- %s: the server does what the case says.
- %s: the server lacks what the case needs, which the last table names. What it does instead is tested as well.

"""


def ask(server):
    """Run all cases on a server; return (marks by the name of the case, lines about errors)."""
    print("%s ..." % server, file=sys.stderr)
    marks, errors = {}, []
    running = server.start()
    try:
        for case in CASES:
            try:
                case.run(running)
                marks[case.name] = WITHOUT if case.lacking(server) else YES
            except (AssertionError, OSError, ValueError, LookupError, TypeError) as error:
                marks[case.name] = NO
                errors.append("%s: %s: %s: %s" % (server, case.title, type(error).__name__, error))
    finally:
        running.stop()
    return marks, errors


def table(servers, marks):
    """Return the lines of the tables, one for each group of cases.

    :param servers: the columns.
    :param marks: for each name of a server, a dictionary of marks by the names of the cases.
    """
    lines = []
    for group in dict.fromkeys(case.group for case in CASES):
        lines += ["## " + group, ""]
        lines.append("| | " + " | ".join(server.name for server in servers) + " |")
        lines.append("|---|" + "---|" * len(servers))
        for case in CASES:
            if case.group == group:
                row = [marks[server.name][case.name] for server in servers]
                lines.append("| " + " | ".join([case.title, *row]) + " |")
        lines.append("")
    return lines


def without(servers):
    """Return the lines of the table of what servers lack."""
    lines = ["| Server | lacks | because |", "|---|---|---|"]
    for server in servers:
        for capability in sorted(server.lacks):
            lines.append("| %s | %s | %s |" % (server.name, capability, server.lacks[capability]))
    return lines


def versions():
    """Return the line that says which servers were asked."""
    names = sorted({server.module for server in SERVERS if server.module})
    found = ["%s %s" % (name, importlib.metadata.version(name)) for name in names]
    return "Asked on CPython %d.%d: %s." % (*sys.version_info[:2], ", ".join(found))


def main():
    """Carry out the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("server", nargs="*", help='names, "slice" or "all"')
    parser.add_argument("--write", action="store_true", help="write docs/servers-table.md")
    parser.add_argument("--list", action="store_true", help="print the names of the servers")
    options = parser.parse_args()
    if options.list:
        print("\n".join(server.name for server in SERVERS))
        return 0
    if options.write:
        servers = SERVERS
    elif options.server:
        servers = chosen("; ".join(options.server))
    else:
        servers = [server for server in SERVERS if not server.missing()]
    for server in servers:
        if server.missing():
            parser.error(
                "%s needs the Python module %s; install it, or name other servers"
                % (server, server.missing())
            )
    marks, errors = {}, []
    for server in servers:
        marks[server.name], found = ask(server)
        errors += found
    text = "\n".join([*table(servers, marks), "## What servers lack", "", *without(servers)]) + "\n"
    if options.write and not errors:
        words = (len(CASES), YES, WITHOUT)
        PAGE.write_text(INTRODUCTION % words + text + "\n" + versions() + "\n", encoding="utf-8")
    else:
        print(text)
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
