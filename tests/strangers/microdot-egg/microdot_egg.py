"""The other half of a cycle: the egg comes from the hen."""


class Egg:
    """Cannot be before the hen is."""

    name = "egg"
    requires = ("hen",)

    def microdot_response(self, app, request, response):
        """Lie there."""
        response.headers["X-Egg"] = "here"
