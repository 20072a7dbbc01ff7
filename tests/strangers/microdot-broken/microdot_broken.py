"""Needs something that its author had and nobody else has."""

import a_library_that_only_its_author_has


class Broken:
    """Never comes into being."""

    name = "broken"

    def microdot_request(self, app, request):
        """Do what cannot be done."""
        return a_library_that_only_its_author_has.answer(request)
