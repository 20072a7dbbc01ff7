"""TLS contexts out of certificate files, with errors that name the file."""

import os
import ssl
from typing import Optional


def load_context(cert: str, key: Optional[str] = None) -> ssl.SSLContext:
    """Return a TLS context for a server.

    :param cert: a PEM file with the certificate, and those of the authorities between after it.
    :param key: a PEM file with the private key, which is not encrypted; None when ``cert`` has it.
    :raises ValueError: a file is missing, cannot be read, or does not hold what it should.
    """
    for name, what in ((cert, "certificate"), (key, "private key")):
        if name is not None:
            try:
                with open(name, "rb"):
                    pass
            except OSError as error:
                reason = os.strerror(error.errno) if error.errno else str(error)
                raise ValueError("the %s %s cannot be read: %s" % (what, name, reason)) from None

    def refuse_password() -> str:
        raise ValueError(
            "the private key %s is encrypted, and nobody is there to type the password; "
            "'openssl pkey -in %s -out FILE' writes it without" % (key or cert, key or cert)
        )

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key, refuse_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ValueError(
                "the private key %s does not belong to the certificate %s" % (key or cert, cert)
            ) from None
        raise ValueError(
            "the certificate cannot be loaded: %s holds no certificate in PEM format, or %s no "
            "private key (%s)" % (cert, key or "it", error.reason or error)
        ) from None
    return context
