"""A JSON API in two parts: mounted sub-applications, hooks and error handlers."""

from microdot import Microdot, abort

users = Microdot()
NAMES = {1: "Ada", 2: "Grace"}


@users.get("/")
async def index(request):
    """List the users."""
    return {"users": [{"id": key, "name": NAMES[key]} for key in sorted(NAMES)]}


@users.get("/<int:id>")
async def show(request, id):
    """Show one user."""
    if id not in NAMES:
        abort(404, "no such user")
    return {"id": id, "name": NAMES[id]}


@users.post("/")
async def create(request):
    """Add a user: {"name": "..."}."""
    data = request.json
    if not isinstance(data, dict) or not data.get("name"):
        raise ValueError("a user needs a name")
    key = max(NAMES) + 1
    NAMES[key] = data["name"]
    return {"id": key, "name": data["name"]}, 201, {"Location": "/users/%d" % key}


@users.errorhandler(ValueError)
async def bad_value(request, error):
    """Answer for this part of the API only; the application is mounted with local=True."""
    return {"error": str(error)}, 400


app = Microdot()
app.mount(users, url_prefix="/users", local=True)


@app.before_request
async def require_json(request):
    """Refuse bodies that are not JSON."""
    if request.content_length and request.json is None:
        return {"error": "send application/json"}, 415
    return None


@app.after_request
async def add_version(request, response):
    """Mark every response."""
    response.headers["X-API-Version"] = "1"


@app.errorhandler(404)
async def not_found(request):
    """Answer errors as JSON, too."""
    return {"error": "not found"}, 404


if __name__ == "__main__":
    app.run(port=5000, debug=True)
