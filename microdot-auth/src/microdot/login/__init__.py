"""User logins: ``Login`` keeps who is logged in in the session, and remembers users for days."""

from .manager import Login

__all__ = ["Login"]
