"""What microdot-templates does on CPython alone: utemplate's installation, and its compiled files."""

import hashlib
import importlib
import pathlib
import re
import subprocess
import sys
import threading
import zipfile

import pytest
from microdot.utemplate.cpython import install

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROJECT = ROOT / "microdot-templates"


def run(*words, **options):
    return subprocess.run(
        [sys.executable, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )


@pytest.fixture
def modules(utemplate):
    """The modules as they are fetched."""
    return {
        name: pathlib.Path(utemplate, "utemplate", name).read_bytes() for name in install.MODULES
    }


def test_what_is_fetched_is_what_was_reviewed(modules):
    for name, content in modules.items():
        assert hashlib.sha256(content).hexdigest() == install.MODULES[name]


def test_a_folder_that_is_there_is_not_fetched_again(utemplate):
    done = run(ROOT / "tools/get-utemplate.py", utemplate, env={"PIP_INDEX_URL": "file:///nowhere"})
    assert (done.returncode, done.stdout.strip()) == (0, utemplate)


def test_an_index_without_it(tmp_path):
    (tmp_path / "index").mkdir()
    index = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}
    done = run(ROOT / "tools/get-utemplate.py", tmp_path / "new", env=index)
    assert done.returncode == 1
    assert "utemplate 1.4.1 cannot be downloaded; pip says" in done.stdout
    assert list((tmp_path / "new").iterdir()) == []


def test_another_archive_is_refused(monkeypatch, tmp_path):
    """Also when pip were to let it pass."""

    def run_pip(work, *arguments):
        (work / "x/utemplate").mkdir(parents=True)
        for name in install.MODULES:
            (work / "x/utemplate" / name).write_text("import os")

    monkeypatch.setattr(install, "run_pip", run_pip)
    with pytest.raises(SystemExit, match="is not what it was"):
        install.unpack(tmp_path / "new")
    assert not (tmp_path / "new/utemplate").exists()


def test_pip_is_told_the_digest(monkeypatch, tmp_path):
    told = []

    def run_pip(work, *arguments):
        told.append((work / "requirements.txt").read_text())
        return subprocess.CompletedProcess([], 1, "no")

    monkeypatch.setattr(install, "run_pip", run_pip)
    with pytest.raises(SystemExit):
        install.fetch(tmp_path)
    assert told == ["utemplate==1.4.1 --hash=sha256:%s\n" % install.DIGEST]


def test_the_command_installs_a_wheel_that_pip_can_remove(modules, monkeypatch, tmp_path):
    """With the real pip, into a folder instead of the environment of the tests."""
    real = install.run_pip

    def run_pip(work, command, *arguments):
        assert command == "install"
        with zipfile.ZipFile(arguments[-1]) as wheel:
            assert wheel.testzip() is None
        return real(work, command, "--target", str(tmp_path / "site"), *arguments)

    monkeypatch.setattr(install, "fetch", lambda work: modules)
    monkeypatch.setattr(install, "run_pip", run_pip)
    install.install()
    for name, content in modules.items():
        assert (tmp_path / "site/utemplate" / name).read_bytes() == content
    assert run("-c", "import utemplate.source", cwd=tmp_path / "site").returncode == 0
    assert (tmp_path / "site/utemplate-1.4.1.dist-info/RECORD").is_file()


def test_what_pip_says_is_shown(modules, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "externally managed")
    monkeypatch.setattr(install, "fetch", lambda work: modules)
    monkeypatch.setattr(install, "run_pip", lambda *arguments: failed)
    with pytest.raises(SystemExit, match="externally managed"):
        install.install()


def test_the_command_line(monkeypatch, capsys, tmp_path):
    called = []
    monkeypatch.setattr(install, "unpack", called.append)
    monkeypatch.setattr(install, "install", lambda: called.append("install"))
    for words in ([], [str(tmp_path)], ["--help"], ["a", "b"]):
        monkeypatch.setattr(sys, "argv", ["-m", *words])
        install.main()
    assert called == ["install", tmp_path]
    assert capsys.readouterr().out.count("python -m microdot.utemplate FOLDER") == 2


@pytest.mark.parametrize(
    "code",
    [
        "from microdot.utemplate import Loader",
        "from microdot.utemplate import Template; Template.initialize()",
        "from microdot.utemplate import Template; Template('x.html')",
        "from microdot.utemplate import UTemplate; UTemplate()",
    ],
)
def test_without_utemplate_the_error_says_what_to_do(code):
    done = run("-c", "import sys; sys.modules['utemplate'] = None; " + code)
    assert done.returncode == 1
    assert "python -m microdot.utemplate" in done.stdout
    assert "mip.install(" in done.stdout


def test_without_utemplate_there_are_loaders_of_others():
    code = (
        "import sys; sys.modules['utemplate'] = None\n"
        "from microdot.utemplate import Template, UTemplate, escape\n"
        "class Own:\n"
        "    def __init__(self, package, folder): pass\n"
        "    def load(self, name): return lambda: iter([name])\n"
        "Template.initialize(loader_class=Own)\n"
        "print(Template('x.html').render())\n"
    )
    assert run("-c", code).stdout == "x.html\n"


def test_names():
    for name in ("microdot.jinja", "microdot.utemplate"):
        module = importlib.import_module(name)
        for exported in set(module.__all__) - {"Loader", "EscapingLoader"}:
            assert hasattr(module, exported), exported


def test_the_loaders_are_exported(utemplate):
    import microdot.utemplate as library

    assert issubclass(library.EscapingLoader, library.Loader)
    with pytest.raises(AttributeError):
        library.nonsense  # noqa: B018


def test_the_entry_points_lead_to_the_plugins():
    text = (PROJECT / "pyproject.toml").read_text()
    group = text.partition('[project.entry-points."microdot.plugins"]\n')[2].split("\n\n")[0]
    found = re.findall(r'^(\w+) = "([\w.]+):(\w+)"$', group, re.M)
    assert [name for name, _, _ in found] == ["jinja", "utemplate"]
    for name, module, plugin in found:
        assert getattr(importlib.import_module(module), plugin).name == name
    assert "microdot.autoload" not in text


def test_boards_get_no_jinja():
    text = (PROJECT / "package.json").read_text()
    assert "utemplate/loader.py" in text
    assert "jinja" not in text
    assert "cpython" not in text
    assert "__main__" not in text


# Compiled files


@pytest.fixture
def folder(tmp_path, utemplate):
    (tmp_path / "page.html").write_text("{% args x %}\n{{ x }}")
    return tmp_path


def load(folder):
    from microdot.utemplate import Loader

    return "".join(Loader(None, str(folder)).load("page.html")("value"))


def test_a_folder_that_cannot_be_written_to(folder, monkeypatch):
    import tempfile

    def refuse(*arguments, **options):
        raise PermissionError(13, "read-only")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    assert load(folder) == "value"
    assert [path.name for path in folder.iterdir()] == ["page.html"]


def test_the_compiled_file_is_as_old_as_the_template(folder):
    load(folder)
    compiled = folder / "page_html.py"
    assert compiled.stat().st_mtime_ns == (folder / "page.html").stat().st_mtime_ns
    assert compiled.stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in folder.iterdir()) == ["page.html", "page_html.py"]


def test_a_template_that_changes_twice_within_a_second(folder):
    """A new loader each time, so only the times of the files tell."""
    import os

    for number in range(3):
        (folder / "page.html").write_text("{%% args x %%}\n%d" % number)
        os.utime(folder / "page.html", ns=(0, 10**18 + number * 1000))
        assert load(folder) == str(number)


def test_a_compiled_file_is_compiled_again_only_when_it_is_older(folder):
    load(folder)
    compiled = folder / "page_html.py"
    before = compiled.stat()
    load(folder)
    assert compiled.stat().st_ino == before.st_ino


def test_threads_load_the_same_template(folder):
    from microdot.utemplate import Loader

    loader = Loader(None, str(folder))
    results = []

    def work():
        for _ in range(50):
            results.append("".join(loader.load("page.html")("value")))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["value"] * 400
    assert sorted(path.name for path in folder.iterdir()) == ["page.html", "page_html.py"]
