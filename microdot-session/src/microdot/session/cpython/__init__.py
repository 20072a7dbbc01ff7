"""What only CPython can do: PyJWT, Redis."""
