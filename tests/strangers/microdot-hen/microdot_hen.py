"""One half of a cycle: the hen comes from the egg."""


class Hen:
    """Cannot be before the egg is."""

    name = "hen"
    requires = ("egg",)

    def microdot_response(self, app, request, response):
        """Cackle."""
        response.headers["X-Hen"] = "here"
