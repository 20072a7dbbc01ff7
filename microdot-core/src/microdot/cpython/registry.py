"""The hook registry on CPython: pluggy validates the plugins and decides the order of their hooks."""

import inspect
from typing import Any, Dict, List, Optional, Tuple

import pluggy

from ..hooks import HOOKS, INWARD, Registrar, hook_order


class _Manager(pluggy.PluginManager):
    """Finds hooks by the names of methods, and their order in ``hook_order``."""

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> Any:
        """Return pluggy's options for a method, None when it is no hook."""
        if name not in HOOKS or not callable(getattr(plugin, name, None)):
            return None
        where = hook_order(plugin).get(name, "")
        return {
            "wrapper": False,
            "hookwrapper": False,
            "optionalhook": False,
            "tryfirst": where == "first",
            "trylast": where == "last",
            "specname": None,
        }

    def parse_hookspec_opts(self, module_or_class: Any, name: str) -> Any:
        """Return pluggy's options for a specification."""
        return (
            {"firstresult": False, "historic": False, "warn_on_impl": None}
            if name in HOOKS
            else None
        )


class _Specifications:
    """The hook table as the functions that pluggy wants."""


def _specification(arguments: "Tuple[str, ...]") -> Any:
    # pluggy 1.7 reads the code object, so these must be real parameters.
    return staticmethod(eval("lambda %s: None" % ", ".join(arguments)))


class PluggyRegistrar(Registrar):
    """Checks plugins and puts their hooks in order with pluggy."""

    def check(self, plugin: Any) -> "List[str]":
        """Return what is wrong with the hook methods of a plugin."""
        faults = super().check(plugin)
        for hook, arguments in HOOKS.items():
            method = getattr(plugin, hook, None)
            if method is None or not callable(method):
                continue
            got = _signature(method)
            if got is not None and got != arguments:
                faults.append(
                    "%s takes (%s), it must take (%s), all without defaults"
                    % (hook, ", ".join(got), ", ".join(arguments))
                )
        return faults

    def arrange(self, plugins: "List[Tuple[str, Any]]") -> "Dict[str, Tuple[Any, ...]]":
        """Return hook name -> callables in the order of their calls.

        :param plugins: (name, plugin) pairs in plugin order.
        """
        hooks: Dict[str, Tuple[Any, ...]] = {}
        # pluggy calls what was registered last first.
        inward = self._manager(list(reversed(plugins)))
        outward = self._manager(plugins)
        for hook in HOOKS:
            caller = getattr((inward if hook in INWARD else outward).hook, hook)
            hooks[hook] = tuple(impl.function for impl in reversed(caller.get_hookimpls()))
        return hooks

    @staticmethod
    def _manager(plugins: "List[Tuple[str, Any]]") -> _Manager:
        manager = _Manager("microdot")
        manager.add_hookspecs(_Specifications)
        for name, plugin in plugins:
            manager.register(plugin, name)
        return manager


def _signature(method: Any) -> "Optional[Tuple[str, ...]]":
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):  # written in another language
        return None
    names = []
    for parameter in parameters:
        text = parameter.name
        if parameter.kind is parameter.VAR_POSITIONAL:
            text = "*" + text
        elif parameter.kind is parameter.VAR_KEYWORD:
            text = "**" + text
        elif parameter.default is not parameter.empty:
            text += "=" + repr(parameter.default)
        names.append(text)
    return tuple(names)


for _hook, _arguments in HOOKS.items():
    setattr(_Specifications, _hook, _specification(_arguments))
