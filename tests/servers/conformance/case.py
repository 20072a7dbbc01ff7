"""What a case is: a function that is given a server, and what happens where a server lacks what it needs."""


class Case:
    """One case.

    :param group: the heading it stands under.
    :param check: the function; its name is that of the case.
    :param needs: the capability without which ``otherwise`` is what happens; None for none.
    :param otherwise: the function for servers that lack it.
    """

    def __init__(self, group, check, needs=None, otherwise=None):
        self.group = group
        self.check = check
        self.needs = needs
        self.otherwise = otherwise
        self.name = check.__name__
        self.title = check.__name__.replace("_", " ")

    def __repr__(self):
        return self.name

    def lacks(self, server):
        """Return why a server cannot pass the case as it is, None if it can."""
        return server.lacks.get(self.needs)

    def run(self, served):
        """Check a server that runs.

        :raises AssertionError: it behaves differently.
        """
        (self.otherwise if self.lacks(served.server) else self.check)(served)


class Group:
    """The decorator of the cases that stand under one heading."""

    def __init__(self, name):
        self.name = name
        self.cases = []

    def __call__(self, check=None, **options):
        if check is None:
            return lambda check: self(check, **options)
        self.cases.append(Case(self.name, check, **options))
        return check
