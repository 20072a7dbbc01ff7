"""The application for ASGI servers: ``asgi_app:application``."""

from app import app
from microdot.asgi import asgi

application = asgi(app)
