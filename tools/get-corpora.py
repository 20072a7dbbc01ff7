#!/usr/bin/env python3
"""Fetch multipart bodies that others test with, and print the folder they are in.

    get-corpora.py [FOLDER]            (build/corpora)

They lie in the source distributions of Werkzeug (bodies recorded from browsers) and of
python-multipart (malformed ones). pip downloads these from the index it is configured for, and
compares their digests.
"""

import pathlib
import subprocess
import sys
import tarfile
import tempfile

#: Distribution, version, digest of its source distribution, the folder in it.
CORPORA = (
    (
        "Werkzeug",
        "3.1.3",
        "60723ce945c19328679790e3282cc758aa4a6040e4bb330f53d30fa546d44746",
        "tests/multipart",
    ),
    (
        "python-multipart",
        "0.0.20",
        "8dd0cab45b8e23064ae09147625994d090fa46f5b0d1e13af944c331a7fa9d13",
        "tests/test_data/http",
    ),
)


def download(name: str, version: str, digest: str, folder: pathlib.Path) -> pathlib.Path:
    """Return the path of a source distribution, downloaded into a folder."""
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{name}=={version} --hash=sha256:{digest}\n")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", name]
    done = subprocess.run([*command, "-d", str(folder), "-r", str(wanted)], stdout=sys.stderr)
    archives = list(folder.glob("*.tar.gz"))
    if done.returncode or not archives:
        raise SystemExit(f"{name} {version} cannot be downloaded; pip says why")
    return archives[0]


def unpack(archive: pathlib.Path, inside: str, target: pathlib.Path) -> None:
    """Write the files below a folder of an archive to another folder."""
    with tarfile.open(archive) as source:
        for member in source.getmembers():
            path = member.name.partition("/")[2]
            if member.isfile() and path.startswith(inside + "/") and ".." not in path:
                file = target / path[len(inside) + 1 :]
                file.parent.mkdir(parents=True, exist_ok=True)
                content = source.extractfile(member)
                assert content is not None
                file.write_bytes(content.read())


def main() -> None:
    """Fetch what is not there yet."""
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/corpora")
    for name, version, digest, inside in CORPORA:
        target = top / f"{name}-{version}"
        if target.is_dir():
            continue
        top.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=top) as work:
            archive = download(name, version, digest, pathlib.Path(work))
            unpack(archive, inside, pathlib.Path(work, "unpacked"))
            pathlib.Path(work, "unpacked").replace(target)
    print(top)


if __name__ == "__main__":
    main()
