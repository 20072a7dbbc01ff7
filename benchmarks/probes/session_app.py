"""Sessions for memory.py: session_app PORT."""

import sys

from microdot import Microdot
from microdot.session import Session, with_session

app = Microdot()
app.use(Session(secret_key="top-secret"))


@app.get("/")
@with_session
async def index(request, session):
    """Count the requests of a session."""
    session["count"] = session.get("count", 0) + 1
    session.save()
    return str(session["count"])


app.run(host="127.0.0.1", port=int(sys.argv[1]))
