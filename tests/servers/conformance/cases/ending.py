"""The end of a server, and what it has printed until then."""

from servers.conformance.case import Group

case = Group("The end")

#: What the application raises. All else that is raised is a fault, or a client's doing.
RAISED = (
    "RuntimeError: on purpose",
    "SmallTeapot: short and stout",
    r"ValueError: bad header field: 'X-Bad: a\r\nX-Injected: yes'",
)


def hooks(served):
    """Return the hooks that the application has printed, in their order."""
    return [line for line in served.end().splitlines() if line.endswith(" hook")]


def startup_alone(served):
    # The server does not say when it ends.
    assert hooks(served)[0] == "startup hook"
    assert hooks(served).count("startup hook") == 1


@case
def a_server_ends_when_asked_to(served):
    served.end()


@case(needs="lifespan", otherwise=startup_alone)
def plugins_see_the_beginning_and_the_end(served):
    assert hooks(served) == ["startup hook", "drain hook", "shutdown hook"]


@case
def no_traceback_but_those_on_purpose(served):
    raised = []
    lines = iter(served.end().splitlines())
    for line in lines:
        if "Traceback (most recent call last)" in line:
            for line in lines:
                if not line.startswith("  "):
                    # With its module where the application was imported.
                    raised.append(line[4:] if line.startswith("app.") else line)
                    break
    prints = served.server.prints
    others = [line for line in raised if line not in RAISED and not line.startswith(prints)]
    assert not others, "\n".join(sorted(set(others)))
    assert "RuntimeError: on purpose" in raised
