#!/usr/bin/env python3
"""Fetch utemplate, that the tests render templates with, and print the folder it is in.

    get-utemplate.py [FOLDER]            (build/utemplate)

The folder is for PYTHONPATH and for MICROPYPATH. ``python -m microdot.utemplate`` is the same for
users; this one needs nothing installed.
"""

import pathlib
import runpy
import sys

SOURCE = "microdot-templates/src/microdot/utemplate/cpython/install.py"


def main() -> None:
    """Fetch what is not there yet."""
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/utemplate")
    names = runpy.run_path(str(pathlib.Path(__file__).resolve().parents[1] / SOURCE))
    names["unpack"](folder)
    print(folder)


if __name__ == "__main__":
    main()
