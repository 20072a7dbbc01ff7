"""Adds a greeting to an application: ``app.use("greeting", word="Ahoy")``."""


class Greeting:
    """Adds the route ``/greeting/<name>``, and a header ``X-Greeting`` to each response.

    :param word: what to greet with.
    """

    name = "greeting"
    after = ("visitor",)

    def __init__(self, word="Hello"):
        """Remember the word."""
        self.word = word

    def microdot_setup(self, app):
        """Add the route."""
        app.get("/greeting/<name>")(self.greet)

    async def greet(self, request, name):
        """Greet somebody."""
        return "%s, %s!" % (self.word, name)

    def microdot_response(self, app, request, response):
        """Greet everybody."""
        response.headers["X-Greeting"] = self.word
