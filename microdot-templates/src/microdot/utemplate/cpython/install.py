"""The command ``python -m microdot.utemplate``: utemplate 1.4.1 from the package index.

    python -m microdot.utemplate             into the environment of this Python
    python -m microdot.utemplate FOLDER      into FOLDER/utemplate

Its source distribution has no build files and there is no wheel, so pip downloads it, compares its
digest, unpacks it, and then refuses it. It is taken from where pip leaves it.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from typing import Dict

VERSION = "1.4.1"
#: Of the source distribution.
DIGEST = "43fde7c8b38dda1ff9c82cd829d22ec445f1e9d631455de705873051f83a0b20"
#: Of the modules in it.
MODULES = {
    "compiled.py": "ae326262e5187884f8cb13888665bfe7993b386c26b53edaf6acb00f7a1a0281",
    "recompile.py": "c7600e3850aaf8f0a2469e322854c561c87b59615b02a1b6d2a69f927fd643a5",
    "source.py": "81424449094791133708f5216de12bc60294d40d6a1a6f7c1426a25a697b46b5",
}


def run_pip(work: pathlib.Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run pip, with its temporary files in a folder."""
    env = dict(os.environ, TMPDIR=str(work), TEMP=str(work), TMP=str(work))
    return subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def fetch(work: pathlib.Path) -> "Dict[str, bytes]":
    """Return the modules: file name -> content.

    :param work: an empty folder to work in.
    :raises SystemExit: they cannot be had.
    """
    wanted = work / "requirements.txt"
    wanted.write_text("utemplate==%s --hash=sha256:%s\n" % (VERSION, DIGEST))
    done = run_pip(
        work,
        *("download", "--no-deps", "--no-binary", "utemplate", "--no-clean"),
        *("--dest", str(work), "--requirement", str(wanted)),
    )
    for path in work.rglob("utemplate/source.py"):
        modules = {name: path.with_name(name).read_bytes() for name in MODULES}
        for name, content in modules.items():
            if hashlib.sha256(content).hexdigest() != MODULES[name]:
                raise SystemExit("%s of utemplate %s is not what it was" % (name, VERSION))
        return modules
    raise SystemExit("utemplate %s cannot be downloaded; pip says:\n%s" % (VERSION, done.stdout))


def unpack(folder: pathlib.Path) -> None:
    """Write the modules to ``utemplate`` in a folder, unless they are there."""
    target = folder / "utemplate"
    if all((target / name).is_file() for name in MODULES):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        modules = fetch(pathlib.Path(work))
        new = pathlib.Path(work, "new")
        new.mkdir()
        for name, content in modules.items():
            (new / name).write_bytes(content)
        shutil.rmtree(target, ignore_errors=True)
        new.replace(target)


def install() -> None:
    """Install the modules where pip puts packages, so that it can also remove them.

    :raises SystemExit: pip cannot do it.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder, "work")
        work.mkdir()
        modules = fetch(work)
        wheel = pathlib.Path(folder, "utemplate-%s-py3-none-any.whl" % VERSION)
        info = "utemplate-%s.dist-info/" % VERSION
        files = {"utemplate/" + name: content for name, content in modules.items()}
        head = "Metadata-Version: 2.1\nName: utemplate\nVersion: %s\n" % VERSION
        files[info + "METADATA"] = head.encode()
        files[info + "WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        files[info + "RECORD"] = "".join(
            "%s,,\n" % name for name in [*files, info + "RECORD"]
        ).encode()
        with zipfile.ZipFile(wheel, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        done = run_pip(work, "install", "--no-deps", "--no-index", str(wheel))
        if done.returncode:
            raise SystemExit("utemplate cannot be installed; pip says:\n" + done.stdout)


def main() -> None:
    """Run the command line."""
    if len(sys.argv) > 2 or sys.argv[1:2] and sys.argv[1][:1] == "-":
        print((__doc__ or "").strip())
    elif len(sys.argv) == 2:
        unpack(pathlib.Path(sys.argv[1]))
        print(sys.argv[1])
    else:
        install()
        print("utemplate %s is installed" % VERSION)
