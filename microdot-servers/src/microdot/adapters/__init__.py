"""What the adapters to foreign servers are made of (CPython)."""
