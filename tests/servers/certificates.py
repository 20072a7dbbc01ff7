"""Certificates for the tests, made for the occasion with the openssl command."""

import subprocess


def openssl(folder, *words):
    """Run openssl in a folder."""
    subprocess.run(["openssl", *words], cwd=folder, check=True, stderr=subprocess.PIPE)


def make(folder):
    """Write cert.pem and key.pem for localhost into a folder, and the same in DER."""
    openssl(
        folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem",
    )  # fmt: skip
    openssl(folder, "x509", "-in", "cert.pem", "-outform", "DER", "-out", "cert.der")
    openssl(folder, "ec", "-in", "key.pem", "-outform", "DER", "-out", "key.der")
    return folder
