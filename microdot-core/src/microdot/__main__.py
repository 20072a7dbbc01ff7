"""``python -m microdot``."""

import sys

from microdot.cpython.cli import main

if __name__ == "__main__":
    sys.exit(main())
