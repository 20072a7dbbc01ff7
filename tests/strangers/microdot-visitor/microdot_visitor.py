"""Counts the requests of an application; takes part as soon as it is installed."""


class Visitor:
    """Sends the number of requests so far in the header ``X-Visits``."""

    name = "visitor"

    def __init__(self):
        """Begin at nought."""
        self.visits = 0

    async def microdot_request(self, app, request):
        """Count a request."""
        self.visits += 1

    def microdot_response(self, app, request, response):
        """Tell the number."""
        response.headers["X-Visits"] = str(self.visits)
