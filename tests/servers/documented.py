"""The files and commands of docs/deployment.md and docs/proxies.md."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


def blocks(page, kind):
    """Return the code blocks of one kind on a page."""
    text = (ROOT / "docs" / page).read_text()
    return [body for name, body in BLOCK.findall(text) if name == kind]


def file(path):
    """Return the content of the file of docs/deployment.md that begins with a comment of this path."""
    text = (ROOT / "docs/deployment.md").read_text()
    (found,) = [body for _, body in BLOCK.findall(text) if body.startswith("# %s\n" % path)]
    return found


def command(beginning):
    """Return the words of the one command of docs/deployment.md that begins like this."""
    (found,) = [body for body in blocks("deployment.md", "sh") if body.startswith(beginning + " ")]
    return found.split()
