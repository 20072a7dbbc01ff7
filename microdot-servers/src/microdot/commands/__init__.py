"""What microdot-servers adds to the command line: every server for ``run``, and ``doctor``."""
