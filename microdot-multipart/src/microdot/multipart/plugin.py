"""``Multipart``: the plugin that holds the limits, and takes the folder of uploads away."""

from microdot.helpers import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Multipart:
    """Limits of multipart forms; a form that exceeds one is answered with 413.

    Sizes are in bytes. What is not given is taken from the class attribute of that name, at
    the time of use. The length of the whole body is limited by ``max_content_length`` of the
    application or route, as that of any body.

    :param max_parts: the most fields and files in a form.
    :param max_header_size: the longest header block of a part.
    :param max_field_size: the longest field.
    :param max_fields_size: the most that the fields of a form may have together.
    :param max_file_size: the largest file, None for any that the body has room for.
    :param max_total_size: the most that fields and files may have together, None likewise.
    :param max_memory_size: a file of this size or more is put into a temporary file; None for
        ``FileUpload.max_memory_size``.
    :param temp_folder: where the private folder of the temporary files is made; None for
        the system's on CPython, the current folder on MicroPython.
    """

    name = "multipart"

    max_parts = 1000 if CPYTHON else 32
    max_header_size = 8192 if CPYTHON else 1024
    max_field_size = 262144 if CPYTHON else 4096
    max_fields_size = 1048576 if CPYTHON else 16384
    max_file_size: "int | None" = None
    max_total_size: "int | None" = None
    max_memory_size: "int | None" = None
    temp_folder: "str | None" = None
    #: The ``Storage`` of the temporary files, made with the first of them.
    storage: "Any" = None

    def __init__(self, **options: "Any") -> None:
        for name in options:
            if name[:4] not in ("max_", "temp") or not hasattr(Multipart, name):
                raise TypeError(
                    "Multipart() has no option %r; its options are max_parts, max_header_size, "
                    "max_field_size, max_fields_size, max_file_size, max_total_size, "
                    "max_memory_size and temp_folder" % name
                )
            value = options[name]
            if value is None:
                continue
            if name[:4] == "max_" and (not isinstance(value, int) or value < 0):
                raise ValueError("Multipart(): %s must be a number >= 0, not %r" % (name, value))
            setattr(self, name, value)

    def microdot_setup(self, app: "Any") -> None:
        """Note the limits where the routes of the application find them."""
        app._multipart = self

    def microdot_shutdown(self, app: "Any") -> None:
        """Remove the private folder of the temporary files."""
        if self.storage is not None:
            self.storage.close()


def limits_of(request: "Any") -> "Any":
    """Return the plugin whose limits count for a request; without one, one with the defaults.

    :param request: the request; the plugin of its sub-application goes before that of the
        application.
    """
    app = request.app
    for owner in (request.subapp, app):
        # Not getattr(): on a board that would load what the application has not needed so far.
        limits = getattr(owner, "__dict__", {}).get("_multipart")
        if limits is not None:
            return limits
    plugins = getattr(app, "plugins", None)
    return plugins.get("multipart", DEFAULT) if plugins else DEFAULT


#: The limits where no plugin is used.
DEFAULT = Multipart()
