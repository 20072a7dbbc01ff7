"""Where the CPU time of a server process goes: ``cProfile`` of one case of ``http11.py``.

    python benchmarks/profile_http.py [--case NAME] [--contestant NAME] [--requests N]
                                      [--sort tottime|cumtime|ncalls] [--lines N] [--save FILE]

The profiler itself takes much of the time: compare lines with each other, not with ``http11.py``.
"""

from __future__ import annotations

import argparse
import pathlib
import pstats
import sys
import tempfile

from contestants import NAMES, Contestant, use_first_processor
from servers.cases import CASES


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--case", choices=list(CASES), default="hello")
    parser.add_argument("--contestant", choices=NAMES[:3], default="microdot")
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--sort", choices=("tottime", "cumtime", "ncalls"), default="tottime")
    parser.add_argument("--lines", type=int, default=35)
    parser.add_argument("--save", metavar="FILE", help="keep the profile, for other viewers")
    options = parser.parse_args(arguments)

    use_first_processor()
    with tempfile.TemporaryDirectory(prefix="microdot-profile-") as folder:
        path = pathlib.Path(options.save or pathlib.Path(folder) / "profile").resolve()
        contestant = Contestant(options.contestant, options.case, profile=str(path))
        try:
            contestant.cpu_seconds()  # warmed up: the profile starts
            contestant.load.run(options.requests)
        finally:
            contestant.stop()
        statistics = pstats.Stats(str(path))
        statistics.strip_dirs().sort_stats(options.sort).print_stats(options.lines)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ConnectionError as problem:  # a server did not start, or answered wrongly
        sys.exit(str(problem))
