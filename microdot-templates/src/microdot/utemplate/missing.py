"""What to say when utemplate is not there."""


def missing(error: ImportError) -> ImportError:
    """Return the error that says how utemplate is installed.

    :param error: what the import raised.
    """
    return ImportError(
        "microdot.utemplate needs the package utemplate (%s); pip cannot install it, so run "
        "python -m microdot.utemplate, or on a board, "
        'mip.install("github:pfalcon/utemplate/utemplate/source.py", target="lib/utemplate") '
        "and the same for compiled.py and recompile.py" % error
    )
