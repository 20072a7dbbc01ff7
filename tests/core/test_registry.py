"""The two registries of CPython give the same plan; pluggy's checks signatures as well."""

import random
import sys

import pytest
from microdot import Microdot
from microdot.cpython.registry import PluggyRegistrar
from microdot.hooks import HOOKS, PluginError, Registrar


def make_plugin(name, rng):
    def hook_method(arguments):
        scope = {}
        exec("def method(%s): pass" % ", ".join(("self", *arguments)), scope)
        return scope["method"]

    hooks = [hook for hook in HOOKS if rng.random() < 0.7]
    members = {hook: hook_method(HOOKS[hook]) for hook in hooks}
    members["hook_order"] = {
        hook: rng.choice(["first", "last"]) for hook in hooks if rng.random() < 0.4
    }
    members["name"] = name
    return type("Plugin", (), members)()


def test_300_random_sets_are_arranged_alike():
    rng = random.Random(1)
    for _ in range(300):
        plugins = [(f"p{i}", make_plugin(f"p{i}", rng)) for i in range(rng.randrange(9))]
        assert Registrar().arrange(plugins) == PluggyRegistrar().arrange(plugins)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ("self, app", "app"),
        ("self, request, app", "request, app"),
        ("self, app, request=None", "app, request=None"),
        ("self, app, req", "app, req"),
        ("self, *args", "*args"),
    ],
)
def test_argument_lists_are_checked(arguments, shown):
    scope = {}
    exec("class P:\n name = 'p'\n def microdot_request(%s): pass" % arguments, scope)
    with pytest.raises(PluginError) as caught:
        Microdot(autoload=False).use(scope["P"]())
    assert "microdot_request takes (%s), it must take (app, request)" % shown in str(caught.value)


def test_all_faults_come_at_once():
    class Plugin:
        name = "p"

        def microdot_request(self, app):
            pass

        def microdot_respnose(self, app, request, response):
            pass

    with pytest.raises(PluginError) as caught:
        Microdot(autoload=False).use(Plugin())
    assert "microdot_request takes (app)" in str(caught.value)
    assert "did you mean microdot_response?" in str(caught.value)


def test_without_pluggy_the_portable_registry_serves(monkeypatch):
    monkeypatch.setitem(sys.modules, "pluggy", None)
    monkeypatch.delitem(sys.modules, "microdot.cpython.registry")
    app = Microdot(autoload=False)

    class Plugin:
        name = "p"

        def microdot_startup(self, app):
            pass

    app.use(Plugin())
    assert type(app._plugins.registrar) is Registrar
    assert list(app.plugins) == ["p"]


def test_with_pluggy_its_registry_serves():
    app = Microdot(autoload=False)
    app.use(make_plugin("p", random.Random(3)))
    assert type(app._plugins.registrar) is PluggyRegistrar


def test_a_module_is_a_plugin(tmp_path, monkeypatch):
    (tmp_path / "module_plugin.py").write_text(
        "def microdot_response(app, request, response):\n    response.headers['X'] = 'module'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import module_plugin

    app = Microdot(autoload=False)
    assert app.use(module_plugin) is module_plugin
    assert list(app.plugins) == ["module_plugin"]
