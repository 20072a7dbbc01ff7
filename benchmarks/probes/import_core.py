# Print the heap bytes that importing core holds, between two reports on the table of names.
# Run by memory.py on MicroPython. This file uses few names: each one is in the table, too.
import gc
import sys

from micropython import qstr_info

before = asyncio = None
if sys.argv[1] == "without":
    import asyncio
gc.collect()
qstr_info()
before = gc.mem_alloc()
if not asyncio:
    import asyncio
from microdot import Microdot  # noqa: E402, F401

gc.collect()
print(gc.mem_alloc() - before)
qstr_info()
