"""One contestant of ``http11.py``, as a process of its own.

    python serve.py CONTESTANT CASE PORT [PROFILE]

A line on standard input is answered with the CPU seconds used so far, and starts the profile
if one is wanted; the end of the input ends the process. A thread waits there, so that the event
loop is not disturbed.
"""

from __future__ import annotations

import asyncio
import cProfile
import importlib
import os
import sys
import threading
import time

MODULES = {
    "bare-protocol": "bare_protocol",
    "bare-streams": "bare_streams",
    "microdot": "application",
    "upstream": "application",
}


async def serve(contestant: str, case: str, port: int, profile: cProfile.Profile | None) -> None:
    """Serve a case until standard input ends."""
    module = importlib.import_module(MODULES[contestant])
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def control() -> None:
        for _ in sys.stdin:
            if profile is not None:
                loop.call_soon_threadsafe(profile.enable)
            print(repr(time.process_time()), flush=True)
        loop.call_soon_threadsafe(stopped.set)

    threading.Thread(target=control, daemon=True).start()
    server = asyncio.ensure_future(module.serve(case, port))
    waiting = asyncio.ensure_future(stopped.wait())
    await asyncio.wait([server, waiting], return_when=asyncio.FIRST_COMPLETED)
    if server.done():
        server.result()
        raise SystemExit("the server has ended by itself")


def main() -> None:
    """Run the command line."""
    contestant, case, port = sys.argv[1:4]
    # The processes of one run share a machine; the load has the first processor.
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[-1:])
    profile = cProfile.Profile() if len(sys.argv) > 4 else None
    try:
        asyncio.run(serve(contestant, case, int(port), profile))
    finally:
        if profile is not None:
            profile.disable()
            profile.dump_stats(sys.argv[4])


if __name__ == "__main__":
    main()
