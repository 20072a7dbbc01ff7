"""Every Python example of the documentation runs; what it says of hooks is what they are."""

import pathlib
import re

import pytest
from microdot.application_extra import OPTIONS
from microdot.hooks import HOOKS

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("microdot-*/README.md")]
    + list(ROOT.glob("docs/*.md"))
)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.M | re.S)


def name(page):
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", [p for p in PAGES if BLOCK.search(p.read_text())], ids=name)
def test_the_examples_of_a_page_run(page, request):
    if "microdot.utemplate import" in page.read_text():
        request.getfixturevalue("utemplate")
    scope = {"__name__": "example"}
    for block in BLOCK.findall(page.read_text()):
        exec(compile(block, name(page), "exec"), scope)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_links_of_a_page_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_hook_table_is_that_of_the_code():
    text = (ROOT / "docs/plugins.md").read_text()
    documented = re.findall(r"^\| `(microdot_\w+)\(([^)]*)\)`", text, re.M)
    assert [(hook, tuple(arguments.split(", "))) for hook, arguments in documented] == list(
        HOOKS.items()
    )


def test_every_option_is_documented():
    text = (ROOT / "microdot-core/README.md").read_text()
    for option in OPTIONS:
        assert "`%s`" % option in text


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_test(hook):
    assert hook in (ROOT / "tests/portable/test_hooks.py").read_text()


def test_the_documentation_names_every_page():
    index = (ROOT / "docs/index.md").read_text()
    for page in ROOT.glob("docs/*.md"):
        assert page.name in index or page.name == "index.md"
