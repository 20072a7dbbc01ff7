"""What a case is: a check of a server, and what happens on servers that lack what it needs."""


class Case:
    """One case.

    :param group: the heading it stands under.
    :param check: the function that is given a running server; its name is that of the case.
    :param otherwise: pairs of a capability and the check of servers that lack it; the first counts.
    """

    def __init__(self, group, check, otherwise=()):
        self.group = group
        self.check = check
        self.otherwise = dict(otherwise)
        self.name = check.__name__
        self.title = check.__name__.replace("_", " ")

    def __repr__(self):
        return self.name

    def lacking(self, server):
        """Return the capability that a server lacks for the case, None if it can pass it."""
        for capability in self.otherwise:
            if capability in server.lacks:
                return capability
        return None

    def run(self, served):
        """Check a server that runs.

        :raises AssertionError: it behaves differently.
        """
        self.otherwise.get(self.lacking(served.server), self.check)(served)


class Group:
    """The decorator of the cases that stand under one heading."""

    def __init__(self, name):
        self.name = name
        self.cases = []

    def __call__(self, check=None, needs=None, otherwise=None):
        """Add a case.

        :param needs: the capability that a server needs; None if every server passes.
        :param otherwise: the check of a server that lacks it.
        """
        pairs = [(needs, otherwise)] if needs else []
        if check is None:
            return lambda check: self.add(check, pairs)
        return self.add(check, pairs)

    def add(self, check, pairs):
        """Add a case that needs more than one capability: pairs of them and of checks."""
        self.cases.append(Case(self.name, check, pairs))
        return check
