"""Prints the bytes of heap that importing an extension adds to core: import_extension.py NAME[,NAME...]."""

import asyncio  # noqa: F401
import gc
import sys

import microdot  # noqa: F401

names = ["microdot." + name for name in sys.argv[1].split(",")]
gc.collect()
before = gc.mem_alloc()
for name in names:
    __import__(name)
gc.collect()
print(gc.mem_alloc() - before)
