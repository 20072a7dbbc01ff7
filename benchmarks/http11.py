"""CPU time per request of the built-in server, as a multiple of a bare ``asyncio.Protocol``.

    python benchmarks/http11.py [--case NAME] [--contestant NAME] [--rounds N] [--json FILE]

docs/benchmarks.md says how to read the result.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import platform
import statistics
import sys
from typing import Any

from contestants import CONNECTIONS, NAMES, Contestant, use_first_processor
from servers.cases import CASES


def measure(
    case: str, names: list[str], rounds: int, count: int, pythons: dict[str, str]
) -> dict[str, Any]:
    """Return the CPU microseconds per request of each contestant, round by round, and ratios.

    :param case: a key of ``CASES``.
    :param names: the contestants, in the order of a round.
    :param rounds: how many rounds.
    :param count: requests of each contestant in a round.
    :param pythons: the Python of a contestant, if not this one.
    """
    contestants: list[Contestant] = []
    times: dict[str, list[float]] = {name: [] for name in names}
    try:
        for name in names:
            contestants.append(Contestant(name, case, pythons.get(name, "")))
        for _ in range(rounds):
            for contestant in contestants:
                times[contestant.name].append(contestant.round(count) * 1e6)
    finally:
        for contestant in contestants:
            contestant.stop()
    result: dict[str, Any] = {"aim": CASES[case].aim, "requests_per_round": count}
    result["cpu_us"] = {name: summary(times[name]) for name in names}
    result["ratio"] = {
        name: summary([ours / bare for ours, bare in zip(times[name], times[names[0]])])
        for name in names[1:]
    }
    return result


def summary(values: list[float]) -> dict[str, Any]:
    """Return the median, the extremes and the values themselves."""
    return {
        "median": round(statistics.median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
        "rounds": [round(value, 3) for value in values],
    }


def print_case(case: str, result: dict[str, Any]) -> None:
    """Print the lines of one case."""
    for name, times in result["cpu_us"].items():
        line = f"{case:<8}{name:<15}{times['median']:>8.1f}{times['min']:>8.1f}{times['max']:>8.1f}"
        ratio = result["ratio"].get(name)
        if ratio:
            line += f"{ratio['median']:>9.2f}{ratio['min']:>7.2f}{ratio['max']:>7.2f}"
        if ratio and name == "microdot" and result["aim"]:
            line += f"{result['aim']:>7.1f}"
            line += "  reached" if ratio["median"] <= result["aim"] else "  missed"
        print(line, flush=True)
        case = ""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    parser.add_argument("--rounds", type=int, default=9, help="rounds for each case (9)")
    parser.add_argument("--requests", type=int, help="requests in a round, for all cases alike")
    parser.add_argument("--case", action="append", choices=list(CASES), help="only this case")
    parser.add_argument(
        "--contestant", action="append", choices=NAMES, help="only this one and bare-protocol"
    )
    parser.add_argument(
        "--upstream-python",
        metavar="PYTHON",
        help="also measure the microdot distribution that this Python has installed",
    )
    options = parser.parse_args(arguments)
    chosen = options.contestant or [name for name in NAMES if name != "upstream"]
    pythons = {}
    if options.upstream_python:
        pythons["upstream"] = options.upstream_python
        chosen.append("upstream")
    elif "upstream" in chosen:
        parser.error("the contestant upstream needs --upstream-python")
    names = [name for name in NAMES if name in chosen or name == NAMES[0]]

    use_first_processor()
    cases: dict[str, Any] = {}
    print(f"{'':<23}{'CPU us per request':>24}{'times bare-protocol':>23}")
    print(f"{'':<23}" + "  median     min     max" + "   median    min    max    aim")
    for case in options.case or CASES:
        count = options.requests or CASES[case].requests
        cases[case] = measure(case, names, options.rounds, count, pythons)
        print_case(case, cases[case])
    if options.json:
        result = {
            "instrument": "http",
            "python": platform.python_version(),
            "machine": platform.machine(),
            "connections": CONNECTIONS,
            "rounds": options.rounds,
            "cases": cases,
        }
        pathlib.Path(options.json).write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ConnectionError as problem:  # a server did not start, or answered wrongly
        sys.exit(str(problem))
