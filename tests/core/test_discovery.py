"""Installed plugins: entry points, autoload and its controls, isolation of failures."""

import asyncio
import logging
import subprocess
import sys

import pytest
from microdot import Microdot
from microdot.cpython import discovery
from microdot.hooks import PluginError
from microdot.test_client import TestClient

PLUGIN = """
class Plugin:
    name = {name!r}

    def __init__(self, text="default"):
        self.text = text

    def {hook}(self, app, request, response):
        response.headers["X-{name}"] = self.text
"""


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """Return a function that "installs" a distribution with one plugin."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for variable in ("MICRODOT_AUTOLOAD", "MICRODOT_DISABLE_PLUGINS", "MICRODOT_STRICT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(discovery, "foreign_distribution", lambda: None)

    def install(name, autoload=True, source=None, version="1.5", hook="microdot_response"):
        (tmp_path / (name + "_module.py")).write_text(
            source if source is not None else PLUGIN.format(name=name, hook=hook)
        )
        info = tmp_path / ("dist_%s-%s.dist-info" % (name, version))
        info.mkdir()
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: dist-%s\nVersion: %s\n" % (name, version)
        )
        groups = ["microdot.plugins"] + (["microdot.autoload"] if autoload else [])
        entry = "%s = %s_module:Plugin\n" % (name, name)
        (info / "entry_points.txt").write_text("".join("[%s]\n%s" % (g, entry) for g in groups))
        discovery.reset()

    yield install
    discovery.reset()
    for module in [name for name in sys.modules if name.endswith("_module")]:
        del sys.modules[module]


def headers(app):
    app.get("/")(lambda request: "x")
    response = asyncio.run(TestClient(app).get("/"))
    return {key: value for key, value in response.headers.items() if key.startswith("X-")}


def test_an_autoloading_plugin_takes_part(environment):
    environment("auto")
    environment("named", autoload=False)
    assert headers(Microdot()) == {"X-auto": "default"}
    assert "named_module" not in sys.modules


def test_a_plugin_by_name(environment):
    environment("named", autoload=False)
    app = Microdot(autoload=False)
    plugin = app.use("named", text="configured")
    assert app.plugins == {"named": plugin}
    assert headers(app) == {"X-named": "configured"}


def test_an_unknown_name(environment):
    environment("greeting", autoload=False)
    with pytest.raises(PluginError, match="did you mean 'greeting'"):
        Microdot().use("greting")
    with pytest.raises(PluginError, match="installed are: .*greeting"):
        Microdot().use("x")


def test_explicit_use_replaces_the_autoloaded_one(environment):
    environment("auto")
    app = Microdot()
    assert headers(app) == {"X-auto": "default"}
    app.use("auto", text="mine")
    assert headers(app) == {"X-auto": "mine"}
    assert list(app.plugins).count("auto") == 1
    assert app.plugins["auto"].text == "mine"


@pytest.mark.parametrize(
    ("option", "variables", "expected"),
    [
        (True, {}, ["a", "b"]),
        (False, {}, []),
        (["b"], {}, ["b"]),
        (["b", "c"], {}, ["b", "c"]),
        (True, {"MICRODOT_AUTOLOAD": "0"}, []),
        (True, {"MICRODOT_AUTOLOAD": "1"}, ["a", "b"]),
        (True, {"MICRODOT_AUTOLOAD": "a,c"}, ["a", "c"]),
        (False, {"MICRODOT_AUTOLOAD": "1"}, []),
        (["b"], {"MICRODOT_AUTOLOAD": "0"}, ["b"]),
        (True, {"MICRODOT_DISABLE_PLUGINS": "a"}, ["b"]),
        (["a", "b"], {"MICRODOT_DISABLE_PLUGINS": "a, b"}, []),
    ],
)
def test_controls(environment, monkeypatch, option, variables, expected):
    environment("b")
    environment("a")
    environment("c", autoload=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = [name for name in Microdot(autoload=option).plugins if name in "abc"]
    assert found == expected


def test_a_disabled_plugin_is_not_had_by_name(environment, monkeypatch):
    environment("a")
    monkeypatch.setenv("MICRODOT_DISABLE_PLUGINS", "a")
    with pytest.raises(PluginError, match="MICRODOT_DISABLE_PLUGINS"):
        Microdot().use("a")


def test_autoload_of_an_unknown_name(environment):
    with pytest.raises(PluginError, match="'missing', which is not installed"):
        Microdot(autoload=["missing"]).plugins  # noqa: B018


BROKEN = {
    "import": "import does_not_exist",
    "misspelt": "class Plugin:\n    def microdot_reqest(self, app, request): pass",
    "setup": "class Plugin:\n    def microdot_setup(self, app):\n        raise KeyError('boom')",
    "constructor": "class Plugin:\n    def __init__(self, needed): pass",
}


@pytest.mark.parametrize("kind", sorted(BROKEN))
def test_a_broken_plugin_is_left_out_and_reported_once(environment, caplog, kind):
    environment("bad", source=BROKEN[kind], version="0.7")
    environment("good")
    app = Microdot()
    with caplog.at_level(logging.WARNING, "microdot"):
        assert headers(app) == {"X-good": "default"}
        headers(app)
    assert len(caplog.records) == 1
    assert "'bad' of dist-bad 0.7" in caplog.text
    assert [failure[:3] for failure in app._plugins.failed] == [("bad", "dist-bad", "0.7")]


def test_a_cycle_of_autoloaded_plugins(environment, caplog):
    source = "class Plugin:\n    requires = ({!r},)\n    def microdot_startup(self, app): pass"
    environment("hen", source=source.format("egg"))
    environment("egg", source=source.format("hen"))
    environment("good")
    app = Microdot()
    assert headers(app) == {"X-good": "default"}
    assert "cycle" in caplog.text
    assert sorted(failure[0] for failure in app._plugins.failed) == ["egg", "hen"]


@pytest.mark.parametrize("way", ["variable", "debug"])
def test_strict_mode_raises(environment, monkeypatch, way):
    environment("bad", source=BROKEN["import"])
    app = Microdot()
    if way == "variable":
        monkeypatch.setenv("MICRODOT_STRICT", "1")
    else:
        app.debug = True
    with pytest.raises(PluginError, match="dist-bad 1.5"):
        headers(app)


def test_a_foreign_distribution_is_named(environment, monkeypatch, caplog):
    monkeypatch.setattr(discovery, "foreign_distribution", lambda: "2.0")
    headers(Microdot())
    assert "'microdot' (2.0)" in caplog.text


def test_a_server_names_a_foreign_distribution_without_plugins(environment, monkeypatch, caplog):
    monkeypatch.setattr(discovery, "foreign_distribution", lambda: "2.0")
    app = Microdot(autoload=False)

    async def main():
        app.server = None
        task = asyncio.create_task(app.start_server("127.0.0.1", 0))
        while app.server is None:
            await asyncio.sleep(0.01)
        app.shutdown()
        await task

    for _ in range(2):
        asyncio.run(main())
    assert caplog.text.count("'microdot' (2.0)") == 1


def test_a_foreign_distribution_is_found(tmp_path, monkeypatch):
    assert discovery.foreign_distribution() is None
    info = tmp_path / "microdot-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: microdot\nVersion: 2.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert discovery.foreign_distribution() == "2.0"


def test_the_environment_is_read_once(environment):
    environment("a")
    assert discovery.scan() is discovery.scan()
    assert [name for name in discovery.scan() if name == "a"] == ["a"]


def test_importing_microdot_reads_no_metadata():
    code = (
        "import sys, microdot; app = microdot.Microdot()\n"
        "print([m for m in ('pluggy', 'importlib.metadata') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert done.stdout == "[]\n"
