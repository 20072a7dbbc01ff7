"""What ``microdot.cors`` and ``microdot.csrf`` do with requests; loaded with their first use."""
