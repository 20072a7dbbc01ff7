"""The built-in server on uvloop: uvloop_server.py PORT."""

import sys

import uvloop
from app import app

uvloop.run(app.start_server("127.0.0.1", int(sys.argv[1])))
