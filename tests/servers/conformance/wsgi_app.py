"""The application for WSGI servers: ``wsgi_app:application``."""

from app import app
from microdot.wsgi import wsgi

application = wsgi(app)
