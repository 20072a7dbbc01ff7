"""``microdot doctor``: what is installed, what does not go together, what an application lacks."""

import argparse
import ast
import json
import os
import platform
import sys
from importlib.util import find_spec
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from microdot import __version__
from microdot.cpython import discovery
from microdot.cpython.cli import NAMING, plugin_rows
from microdot.cpython.loading import CommandError, load_app

from .run import SERVERS

if sys.version_info >= (3, 10):
    from importlib import metadata
else:
    import importlib_metadata as metadata

#: Distribution -> its modules and what each needs from somebody else: (module, what to install).
SLICES: "Dict[str, Dict[str, Tuple[Tuple[str, str], ...]]]" = {
    "microdot-core": {},
    "microdot-multipart": {"multipart": ()},
    "microdot-websocket": {"websocket": ()},
    "microdot-sse": {"sse": ()},
    "microdot-templates": {
        "jinja": (("jinja2", "pip install 'microdot-templates[jinja]'"),),
        "utemplate": (("utemplate", "see docs/templates.md, pip has no such package"),),
    },
    "microdot-session": {"session": (("jwt", "pip install PyJWT"),)},
    "microdot-auth": {
        "auth": (),
        "login": (("microdot.session", "pip install 'microdot-auth[login]'"),),
    },
    "microdot-cors": {"cors": (), "csrf": ()},
    "microdot-servers": {"asgi": (), "wsgi": (), "access_log": (), "proxy": ()},
}


class Finding(NamedTuple):
    """Something that is wrong.

    :param what: what it is.
    :param advice: what to do.
    """

    what: str
    advice: str


def configure(parser: Any) -> None:
    """Find out what is installed, what conflicts, and what an application lacks.

    :param parser: the parser of ``doctor``.
    """
    parser.add_argument("app", metavar="MODULE:APP", nargs="?", help=NAMING)
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(function=command_doctor)


def command_doctor(options: argparse.Namespace) -> int:
    """Print the findings; return 1 when there are some."""
    versions = distributions()
    findings = conflicts() + requirements(versions) + broken_entries()
    if options.app:
        findings += application(options.app)
    rows = [
        {"distribution": name, "version": versions.get(name)}
        for name in [*SLICES, *sorted(set(versions) - set(SLICES))]
    ]
    servers = {name: version_of(name) for name in SERVERS if name != "builtin"}
    if options.json:
        found = [finding._asdict() for finding in findings]
        python = platform.python_version()
        report = {"python": python, "distributions": rows, "servers": servers, "problems": found}
        print(json.dumps(report, indent=2))
        return 1 if findings else 0
    print("Python %s, %s" % (platform.python_version(), sys.executable))
    width = max(len(str(row["distribution"])) for row in rows)
    for row in rows:
        print("%-*s  %s" % (width, row["distribution"], row["version"] or "not installed"))
    for name in servers:
        print("%-*s  %s" % (width, name, servers[name] or "not installed"))
    for finding in findings:
        print("problem: %s\n    %s" % finding)
    print("%d problem%s" % (len(findings), "" if len(findings) == 1 else "s"))
    return 1 if findings else 0


def distributions() -> "Dict[str, str]":
    """Return name -> version of our distributions, and of others that add plugins or commands."""
    versions = {name: version for name in SLICES for version in [version_of(name)] if version}
    versions.setdefault("microdot-core", __version__)
    for found in [*discovery.scan().values(), *discovery.commands()]:
        versions.setdefault(found.distribution, found.version)
    return versions


def version_of(name: str) -> Optional[str]:
    """Return the version of an installed distribution, None when there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def conflicts() -> "List[Finding]":
    """Return the distributions that own files of the package ``microdot`` beside ours."""
    owners: "Dict[str, Set[str]]" = {"microdot/__init__.py": {"microdot-core"}}
    versions: "Dict[str, str]" = {}
    for distribution in metadata.distributions():
        name = str(distribution.metadata["Name"])
        if name in versions:
            continue  # it lies farther back on the path, and is not imported
        versions[name] = distribution.version
        for path in distribution.files or ():
            if path.parts[:1] == ("microdot",) and path.parts[-1].endswith(".py"):
                owners.setdefault("/".join(path.parts), set()).add(name)
    found: "Dict[str, Finding]" = {}
    for text in sorted(owners):
        names = owners[text]
        # Of two strangers the second in the alphabet is the one to go.
        ours = sorted(names & set(SLICES)) or sorted(names - {"microdot"})[:1]
        for name in sorted(names - set(ours)):
            owner = ours[0] if ours else "microdot-core"
            found.setdefault(name, clash(name, versions[name], "owns " + text, owner))
    if "microdot" in versions and "microdot" not in found:
        what = "is installed beside microdot-core, and both own the package microdot"
        found["microdot"] = clash("microdot", versions["microdot"], what, "microdot-core")
    return [found[name] for name in sorted(found)]


def clash(name: str, version: str, what: str, owner: str) -> Finding:
    """Return the finding about a distribution that owns what belongs to another."""
    if what.startswith("owns"):
        what += ", which belongs to " + owner
    return Finding(
        "%s %s %s" % (name, version, what),
        "pip uninstall %s, then pip install --force-reinstall %s" % (name, owner),
    )


def requirements(versions: "Dict[str, str]") -> "List[Finding]":
    """Return what distributions require that is not there, or not in a version that fits."""
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return []
    found = []
    for name in versions:
        try:
            words = metadata.requires(name) or ()
        except metadata.PackageNotFoundError:
            continue
        for word in words:
            need = Requirement(word)
            if need.marker is not None and not need.marker.evaluate({"extra": ""}):
                continue
            version = version_of(need.name)
            if version is None or not need.specifier.contains(version, prereleases=True):
                found.append(
                    Finding(
                        "%s %s needs %s%s, and %s"
                        % (
                            name,
                            versions[name],
                            need.name,
                            need.specifier,
                            "it is not installed" if version is None else "%s is there" % version,
                        ),
                        "pip install '%s%s'" % (need.name, need.specifier),
                    )
                )
    return found


def broken_entries() -> "List[Finding]":
    """Return the installed plugins and commands that cannot be imported."""
    found = []
    for kind, entries in (
        ("plugin", list(discovery.scan().values())),
        ("command", discovery.commands()),
    ):
        for entry in entries:
            try:
                entry.entry.load()
            except Exception as error:
                found.append(
                    Finding(
                        "the %s %r of %s %s cannot be imported: %s: %s"
                        % (
                            kind,
                            entry.name,
                            entry.distribution,
                            entry.version,
                            type(error).__name__,
                            error,
                        ),
                        "pip install --force-reinstall %s" % entry.distribution,
                    )
                )
    return found


def application(target: str) -> "List[Finding]":
    """Return what an application lacks: modules of ours, and what these need; plugins.

    :raises CommandError: it cannot be found at all.
    """
    found = missing_imports(target)
    try:
        app = load_app(target)
        rows = plugin_rows(app)
    except CommandError:
        raise
    except Exception as error:
        if not found:
            found.append(
                Finding(
                    "the application %s cannot be loaded: %s: %s"
                    % (target, type(error).__name__, error),
                    "correct it; `microdot routes %s` shows the traceback" % target,
                )
            )
        return found
    for row in rows:
        if row["state"] == "failed":
            found.append(
                Finding(
                    "the plugin %r of %s is left out: %s"
                    % (row["name"], row["distribution"], row["error"]),
                    "correct or uninstall it, or set MICRODOT_DISABLE_PLUGINS=%s" % row["name"],
                )
            )
    return found


def missing_imports(target: str) -> "List[Finding]":
    """Return the imports of the application's own files that cannot be fulfilled."""
    owners = {module: name for name in SLICES for module in SLICES[name]}
    found = []
    for module, path in sorted(imported(target).items()):
        parts = module.split(".")
        if parts[0] == "microdot" and len(parts) > 1 and parts[1] in owners:
            name = owners[parts[1]]
            if not available("microdot." + parts[1]):
                found.append(
                    Finding(
                        "%s imports microdot.%s, which is in %s" % (path, parts[1], name),
                        "pip install %s" % name,
                    )
                )
                continue
            for needed, advice in SLICES[name][parts[1]]:
                if not available(needed):
                    found.append(
                        Finding(
                            "%s imports microdot.%s, which needs %s" % (path, parts[1], needed),
                            advice,
                        )
                    )
        elif not available(parts[0]):
            found.append(
                Finding(
                    "%s imports %s, which is not installed" % (path, parts[0]),
                    "pip install the distribution that has it",
                )
            )
    return found


def available(module: str) -> bool:
    """Tell whether there is a module; nothing is imported but the packages it is in."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def imported(target: str) -> "Dict[str, str]":
    """Return the modules that an application's files import unconditionally -> the file.

    Its files are the one that ``target`` names and those beside it that it imports.
    """
    name = target.partition(":")[0]
    start = name if name.endswith(".py") else name.replace(".", os.sep) + ".py"
    if not os.path.isfile(start):
        start = os.path.join(start[:-3], "__init__.py")
    waiting: "List[str]" = [start]
    seen: "Set[str]" = set()
    # What is named from the folder of a file.py, or from the current one.
    base = os.path.dirname(start) if name.endswith(".py") else ""
    found: "Dict[str, str]" = {}
    while waiting:
        path = waiting.pop()
        if path in seen or not os.path.isfile(path):
            continue
        seen.add(path)
        try:
            with open(path, "rb") as file:
                tree = ast.parse(file.read(), path)
        except (OSError, SyntaxError, ValueError):
            continue  # loading it says what is wrong
        for module in _modules(tree.body):
            local = os.path.join(base, module.replace(".", os.sep))
            files = [local + ".py", os.path.join(local, "__init__.py")]
            own = [file for file in files if os.path.isfile(file)]
            if own:
                waiting += own
            elif not os.path.isdir(os.path.join(base, module.split(".")[0])):
                found.setdefault(module, path)
    return found


def _modules(body: "List[Any]") -> "List[str]":
    # Those imported at the top of a module; what is tried, or imported in a function, is optional.
    modules = []
    for node in body:
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.append(node.module)
            if node.module == "microdot":
                modules += ["microdot." + alias.name for alias in node.names]
    return modules
