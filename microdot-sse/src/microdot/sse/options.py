"""The options of event streams, checked where they are given."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: What may happen to an event that the queue has no room for.
OVERFLOW = ("wait", "drop_oldest", "drop_newest", "close")


def check_options(options: "dict[str, Any]") -> None:
    """Refuse options that do not exist, and values that cannot be.

    :param options: name to value.
    :raises TypeError: there is no such option.
    :raises ValueError: an option has a value that cannot be.
    """
    for name in options:
        value = options[name]
        if name == "keep_alive":
            fits = value is None or _number(value) and value > 0
            what = "seconds above 0, or None for no comments"
        elif name == "close_timeout":
            fits = _number(value) and value > 0
            what = "seconds above 0"
        elif name == "max_queue":
            fits = isinstance(value, int) and value > 0
            what = "a number of events from 1 on"
        elif name == "overflow":
            fits = value in OVERFLOW
            what = "one of " + ", ".join(OVERFLOW)
        elif name == "store":
            fits = value is None or hasattr(value, "since")
            what = "an object with append(event) and since(event_id), such as RingStore()"
        else:
            raise TypeError(
                "event streams have no option %r; there are keep_alive, max_queue, overflow, "
                "store and close_timeout" % name
            )
        if not fits:
            raise ValueError("%s=%r cannot be; give %s" % (name, value, what))


def _number(value: "Any") -> bool:
    return isinstance(value, (int, float))
