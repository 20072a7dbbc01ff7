# For each module named on the command line, imported in that order, print its name, the heap
# bytes it holds and a report on the table of names.
# Run by memory.py on MicroPython, with an empty microdot/__init__ or with the real one.
import asyncio  # noqa: F401
import gc
import sys

import microdot  # noqa: F401
from micropython import qstr_info

names = sys.argv[1:]
before = after = 0
qstr_info()
for name in names:
    gc.collect()
    before = gc.mem_alloc()
    __import__("microdot." + name)
    gc.collect()
    after = gc.mem_alloc()
    print(name, after - before)
    qstr_info()
