"""What only CPython can know."""
