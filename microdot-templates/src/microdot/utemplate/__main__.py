"""``python -m microdot.utemplate`` installs utemplate, which pip alone cannot."""

from .cpython.install import main

if __name__ == "__main__":
    main()
