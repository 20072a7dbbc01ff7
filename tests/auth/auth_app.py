"""Protected routes and logins for the tests, served by CPython or MicroPython: auth_app.py PORT."""

import asyncio
import sys

from microdot import Microdot, redirect
from microdot.auth import (
    BasicAuth,
    TokenAuth,
    check_password_async,
    hash_password,
    same_secret,
)
from microdot.login import Login
from microdot.session import MemoryStore, Session

app = Microdot(autoload=False)
app.use(Session(secret_key="top secret of the tests", store=MemoryStore()))
basic = BasicAuth(app, realm='the "cellar"')
tokens = TokenAuth()
login = Login()

ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 100
PASSWORDS = {"jos\xe9": hash_password("\u20ac:uro", ROUNDS)}


class User:
    def __init__(self, id):
        self.id = id


@basic.authenticate
async def verify(request, username, password):
    if await check_password_async(password, PASSWORDS.get(username)):
        return username


@tokens.authenticate
async def verify_token(request, token):
    return "robot" if same_secret(token, "abc.DEF~1==") else None


@login.user_loader
async def load(user_id):
    return User(user_id) if user_id in PASSWORDS else None


@app.get("/ping")
async def ping(request):
    return "pong"


@app.route("/basic", methods=["GET", "POST"])
@basic
async def protected(request):
    return {"user": request.g.current_user, "body": request.body.decode()}


@app.get("/token")
@tokens
def robots(request):
    return {"user": request.g.current_user}


@app.get("/open")
@basic.optional
async def optional(request):
    return {"user": request.g.current_user}


@app.get("/stream")
@tokens
async def stream(request):
    class Numbers:
        def __init__(self):
            self.number = 0

        def __aiter__(self):
            return self

        async def __anext__(self):
            self.number += 1
            if self.number > 3:
                raise StopAsyncIteration
            await asyncio.sleep(0)
            return str(self.number)

    return Numbers()


@app.route("/login", methods=["GET", "POST"])
async def enter(request):
    if request.method == "GET":
        return "please"
    name = request.form.get("name")
    if not await check_password_async(request.form.get("password"), PASSWORDS.get(name)):
        return "wrong", 403
    return await login.login_user(request, User(name), remember="remember" in request.form)


@app.get("/home")
@login
async def home(request):
    return {"user": request.g.current_user.id}


@app.get("/safe")
@login.fresh
async def safe(request):
    return {"user": request.g.current_user.id}


@app.post("/logout")
@login
async def leave(request):
    await login.logout_user(request)
    return redirect("/ping")


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]))
