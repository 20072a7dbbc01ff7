"""The pages of the demo that know who is there: a session, a login, forms, and other origins."""

import os
import re

from microdot import Microdot, Response, redirect
from microdot.auth import check_password_async
from microdot.cors import CORS
from microdot.csrf import CSRF
from microdot.login import Login
from microdot.session import Session, with_session

PAGES = __file__.rpartition("/")[0] or "."
PAGES += "/static/"

#: Nobody else may know it. Several processes need the same; without one, logins end with this process.
secret_key = os.getenv("DEMO_SECRET_KEY") if hasattr(os, "getenv") else None
session = Session(secret_key=secret_key or os.urandom(32))
cors = CORS()
csrf = CSRF(cors=cors)
login = Login("/login")
identity = Microdot()

#: This machine under its other name, or another port of it: other origins to a browser.
NEIGHBOURS = re.compile(r"http://(localhost|127\.0\.0\.1)(:\d+)?")


class User:
    """Somebody who can log in.

    :param id: the name.
    :param password_hash: of ``hash_password``; 1,000 rounds, so that a board is not kept busy.
    """

    def __init__(self, id, password_hash):
        """Keep both; nothing is known of the motto yet."""
        self.id = id
        self.password_hash = password_hash
        self.motto = ""


USERS = {
    "ada": User(
        "ada",
        "$pbkdf2-sha256$i=1000$jOJq9qB5kROobSJoqHsn9w$c6E9f618qJHmCyk0l46zR3tDy47IA9XHglPjEWOSYMc",
    ),
    "grace": User(
        "grace",
        "$pbkdf2-sha256$i=1000$hUmnh7jW6wiefTUEGocFDw$ZS9qfX0aftI7JK5dMXX5gFKYwugVqrQvetTVu9ZMyJU",
    ),
}


def page(name):
    """Return a page that no cache keeps."""
    return Response.send_file(PAGES + name, max_age=0)


@login.user_loader
def load_user(user_id):
    """Return the user with an id."""
    return USERS.get(user_id)


@identity.get("/login")
async def login_page(request):
    """Show the form; it posts to its own URL, so that ``next`` stays in it."""
    return page("login.html")


@identity.post("/login")
async def log_in(request):
    """Check name and password."""
    form = request.form or {}
    user = USERS.get((form.get("name") or "").strip().lower())
    if await check_password_async(form.get("password") or "", user and user.password_hash):
        return await login.login_user(
            request, user, remember="remember" in form, redirect_url="/account"
        )
    # The page tells by the address that something was wrong, and keeps where the user wanted to go.
    url = request.url
    return redirect(url if "wrong=" in url else url + ("&" if "?" in url else "?") + "wrong=1", 303)


@identity.post("/logout")
@login
async def log_out(request):
    """Forget who is there."""
    await login.logout_user(request)
    return redirect("/", 303)


@identity.get("/account")
@login
async def account_page(request):
    """Show the page of a user."""
    return page("account.html")


@identity.get("/api/account")
@login
@with_session
async def account(request, session):
    """Tell who is there; count the visits in the session."""
    session["visits"] = session.get("visits", 0) + 1
    session.save()
    user = request.g.current_user
    return {
        "name": user.id,
        "motto": user.motto,
        "visits": session["visits"],
        "fresh": session["_fresh"],
    }


@identity.post("/account/motto")
@login
async def set_motto(request):
    """Change something: CSRF has made sure that a page of this site asks for it."""
    form = request.form or {}
    request.g.current_user.motto = (form.get("motto") or "")[:80]
    return redirect("/account", 303)


@identity.get("/account/secret")
@login.fresh
async def secret(request):
    """Tell a secret to who has just typed a password, not to who is merely remembered."""
    return "The secret of %s: 42.\n" % request.g.current_user.id


@identity.get("/cross-origin")
async def cross_origin_page(request):
    """Show a page that asks another origin for things."""
    return page("cross-origin.html")


@identity.get("/api/private")
async def private(request):
    """Answer everybody; only pages of this origin can read it."""
    return {"data": "for this origin only"}


@identity.get("/api/open")
@cors.override(allowed_origins="*")
async def open_to_all(request):
    """Answer with what the pages of all origins may read."""
    return {"data": "for everybody"}


@identity.route("/api/partner", methods=["GET", "PUT"])
@cors.override(
    allowed_origins=NEIGHBOURS,
    allow_credentials=True,
    allowed_methods=["GET", "PUT"],
    allowed_headers=["Content-Type"],
    expose_headers=["X-Method"],
)
async def partner(request):
    """Answer the neighbours, whose requests may bring cookies and JSON; CSRF lets them pass, too."""
    user = await login.get_current_user(request)
    return {"user": user.id if user else None}, {"X-Method": request.method}
