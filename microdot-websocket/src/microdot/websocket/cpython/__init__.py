"""What only CPython has."""
