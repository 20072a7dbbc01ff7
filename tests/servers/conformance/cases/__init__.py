"""The cases, in the order of the table. Expected values are those of the RFCs and of the documentation.

The last group ends the server.
"""

from . import bodies, connections, ending, errors, files, realtime, responses, routing, security

MODULES = (routing, bodies, responses, errors, files, security, realtime, connections, ending)
CASES = [case for module in MODULES for case in module.case.cases]
