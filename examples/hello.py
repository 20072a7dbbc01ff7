"""The smallest application: python examples/hello.py, or micropython examples/hello.py."""

from microdot import Microdot

app = Microdot()


@app.get("/")
async def index(request):
    """Answer with text."""
    return "Hello, world!"


if __name__ == "__main__":
    app.run(port=5000, debug=True)
