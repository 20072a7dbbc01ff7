"""What only CPython has; never imported on MicroPython."""
