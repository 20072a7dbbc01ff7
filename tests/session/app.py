"""Sessions for the tests, served by CPython or MicroPython: app.py PORT [memory | redis://...]."""

import sys

from microdot import Microdot
from microdot.session import MemoryStore, Session, with_session

where = sys.argv[2] if len(sys.argv) > 2 else ""
if where.startswith("redis:"):
    from microdot.session.cpython.redis_store import RedisStore

    store = RedisStore(where)
else:
    store = MemoryStore() if where == "memory" else None

app = Microdot(autoload=False)
app.use(Session(secret_key="top-secret, and as long as PyJWT likes it", store=store))


@app.get("/")
@with_session
async def index(request, session):
    return {key: session[key] for key in session}


@app.get("/count")
@with_session
async def count(request, session):
    session["count"] = session.get("count", 0) + 1
    session.save()
    return {"count": session["count"]}


@app.post("/save")
@with_session
async def save(request, session):
    session.update(request.json)
    session.save()
    return ""


@app.get("/delete")
@with_session
async def delete(request, session):
    session.delete()
    return ""


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]))
