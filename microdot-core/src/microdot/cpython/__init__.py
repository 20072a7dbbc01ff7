"""What only CPython has; never imported by MicroPython and never shipped to a board."""
