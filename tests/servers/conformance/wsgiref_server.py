"""The server of the standard library, a thread for each connection: wsgiref_server.py PORT.

The application is wrapped in the validator of PEP 3333, which prints what breaks a rule.
"""

import signal
import socketserver
import sys
from wsgiref.simple_server import WSGIServer, make_server
from wsgiref.validate import validator

from wsgi_app import application


class ThreadedServer(socketserver.ThreadingMixIn, WSGIServer):
    """A thread for each connection; the end does not wait for them."""

    daemon_threads = True


def stop(number, frame):
    """End as people expect."""
    raise SystemExit(0)


signal.signal(signal.SIGTERM, stop)
make_server("127.0.0.1", int(sys.argv[1]), validator(application), ThreadedServer).serve_forever()
