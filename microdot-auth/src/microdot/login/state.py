"""Logging in and out: what the session holds of it.

``_user_id`` is the id of the user, ``_fresh`` whether the user logged in in this session. A session
that a remembered login began has ``_remembered``, too, and counts only together with that cookie:
it ends with it.
"""

from microdot.helpers import invoke_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .manager import Login


def find_sessions(request: "Any") -> "Any":
    """Return the ``Session`` in use for a request, that of the inner application first.

    :param request: the request.
    :raises RuntimeError: there is none.
    """
    for app in (request.subapp, request.app):
        plugin = app.find_plugin("session") if app is not None else None
        if plugin is not None:
            return plugin
    raise RuntimeError(
        "Login needs sessions in the application of %s; add them with "
        "app.use(Session(secret_key=...)), of microdot-session" % request.path
    )


async def current_user(login: "Login", request: "Any") -> "Any":
    """Do what ``Login.get_current_user`` says."""
    # A slot of our own: request.g.current_user may come from somebody else.
    found = getattr(request.g, "_login", None)
    if found is None or found[0] is not login:
        user = await find_user(login, request)
        found = request.g._login = (login, user)
        if user is not None or not hasattr(request.g, "current_user"):
            request.g.current_user = user
    return found[1]


async def check(login: "Login", request: "Any", fresh: bool) -> "Any":
    """Do what ``Login.check`` says."""
    if await current_user(login, request) is not None:
        if not fresh:
            return None
        session = await find_sessions(request).load(request)
        if session.get("_fresh") is True:
            return None
    from microdot import redirect
    from microdot.login.targets import login_target

    return redirect(login_target(login.login_url, request.method, request.url))


async def find_user(login: "Login", request: "Any") -> "Any":
    """Return the user of the session, or the one that is remembered, None without either.

    :param login: the ``Login``.
    :param request: the request.
    :raises RuntimeError: there are no sessions, or there is no function that loads users.
    """
    session = await find_sessions(request).load(request)
    user_id = session.get("_user_id")
    if user_id is not None and not session.get("_remembered"):
        return await load_user(login, user_id)
    if "_remember" not in request.cookies:
        return None
    from microdot.login.remember import recall

    user = await recall(login, request)
    if user is not None and user.id != user_id:
        session["_remembered"] = True
        keep(session, user.id, False)
    return user


async def load_user(login: "Login", user_id: "Any") -> "Any":
    """Return the user with an id, None when there is none.

    :param login: the ``Login``.
    :param user_id: the id.
    :raises RuntimeError: there is no function that loads users.
    """
    if login.user_loader_callback is None:
        raise RuntimeError(
            "Login has no function that loads users; decorate one with @login.user_loader"
        )
    return await invoke_handler(login.user_loader_callback, user_id)


def keep(session: "Any", user_id: "Any", fresh: bool) -> None:
    """Put a user into the session, and save it as a new one: what had been planted is worth nothing.

    :param session: the session.
    :param user_id: the id of the user.
    :param fresh: whether the user has just logged in.
    """
    session["_user_id"] = user_id
    session["_fresh"] = fresh
    session.renew()
    session.save()


async def log_in(
    login: "Login", request: "Any", user: "Any", remember: "Any", redirect_url: str
) -> "Any":
    """Do what ``Login.login_user`` says."""
    from microdot import redirect
    from microdot.login.remember import days_of, forget, remember_user
    from microdot.login.targets import next_target

    # What may be refused comes first: there are no half logins.
    user_id = getattr(user, "id", None)
    if user_id is None or not isinstance(user_id, (str, int, float, list, dict)):
        raise TypeError(
            "%s has the id %r, which a session cannot keep; give users an id that is text or a "
            "number" % (type(user).__name__, user_id)
        )
    days = days_of(remember)
    response = redirect(next_target(request.args.get("next"), redirect_url))
    session = await find_sessions(request).load(request)
    # The cookie of another user must not take over when the session ends.
    await forget(login, request, None if days else user_id)
    if days:
        await remember_user(login, request, user, days)
    session.pop("_remembered", None)
    keep(session, user_id, True)
    request.g._login = (login, user)
    request.g.current_user = user
    return response


async def log_out(login: "Login", request: "Any") -> None:
    """Do what ``Login.logout_user`` says."""
    from microdot.login.remember import forget

    session = await find_sessions(request).load(request)
    await forget(login, request, None)
    for key in ("_user_id", "_fresh", "_remembered"):
        session.pop(key, None)
    session.renew()
    session.save()
    request.g._login = (login, None)
    request.g.current_user = None
