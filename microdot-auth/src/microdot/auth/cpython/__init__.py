"""The parts of authentication that only CPython has."""
