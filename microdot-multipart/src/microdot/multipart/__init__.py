"""Multipart forms and file uploads (RFC 7578)."""

from microdot.helpers import CPYTHON
from microdot.multipart.form import FormDataIter, getlist, with_form_data
from microdot.multipart.upload import FileUpload

TYPE_CHECKING = False

if TYPE_CHECKING or CPYTHON:
    from microdot.multipart.plugin import Multipart
else:

    def __getattr__(name):  # type: ignore[no-untyped-def]
        # The plugin is loaded when it is asked for. This is asked before submodules are looked for,
        # so it has to find these, too.
        path = "microdot.multipart." + ("plugin" if name == "Multipart" else name)
        try:
            module = __import__(path, None, None, ("",))
        except ImportError:
            raise AttributeError(name)
        return getattr(module, name, module)


__all__ = ["FileUpload", "FormDataIter", "Multipart", "getlist", "with_form_data"]
