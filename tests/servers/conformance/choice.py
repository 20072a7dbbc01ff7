"""Which servers are asked."""

from .servers import SERVERS

#: For every change: each kind of server, and each platform.
SLICE = (
    "built-in",
    "built-in, uvloop",
    "built-in, MicroPython",
    "uvicorn, httptools",
    "gunicorn, sync",
    "waitress",
)


def chosen(text):
    """Return the servers that a text names: ``all``, ``slice``, or names with ``;`` between them.

    :raises SystemExit: there is no server of a name; the message lists them.
    """
    names = [name.strip() for name in text.split(";") if name.strip()]
    if names == ["all"]:
        return list(SERVERS)
    if names == ["slice"]:
        names = list(SLICE)
    known = {server.name: server for server in SERVERS}
    for name in names:
        if name not in known:
            raise SystemExit(
                "there is no server %r; name some of these, with ';' between them: all, slice, %s"
                % (name, "; ".join(known))
            )
    return [known[name] for name in names]
