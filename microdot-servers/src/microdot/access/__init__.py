"""The parts of ``microdot.access_log`` that are loaded when they are needed."""
