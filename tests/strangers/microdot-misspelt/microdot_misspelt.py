"""Has a hook that would never be called, because its name is wrong."""


class Misspelt:
    """Means ``microdot_request``."""

    name = "misspelt"

    def microdot_reqest(self, app, request):
        """Refuse everything, if only it were called."""
        return "refused", 403
