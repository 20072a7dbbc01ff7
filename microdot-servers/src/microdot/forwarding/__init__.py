"""What ``microdot.proxy`` stands on: addresses and networks, the fields that proxies add."""
