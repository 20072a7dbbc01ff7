"""What the ASGI and WSGI adapters are made of."""
