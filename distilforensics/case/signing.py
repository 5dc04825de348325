"""Ed25519 signatures with the examiner's own key; `openssl pkeyutl -verify -rawin` checks them without this program."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.core.errors import UsageError
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_MAKE_KEY = "make one with: openssl genpkey -algorithm ed25519 -out key.pem"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half of a key that everybody may have."""

    key: Ed25519PublicKey

    @property
    def pem(self) -> bytes:
        """The key as openssl writes it: SubjectPublicKeyInfo in PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key in DER, as `openssl pkey -pubin -in KEY -outform DER | sha256sum` prints it."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return hashlib.sha256(self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()

    def has_signed(self, signature: bytes, content: bytes) -> bool:
        """Return whether a signature over a content was made with the other half of this key."""
        from cryptography.exceptions import InvalidSignature

        try:
            self.key.verify(signature, content)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key that was read from a file of the examiner; it is never written anywhere."""

    key: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """The half that goes into the case."""
        return PublicKey(self.key.public_key())

    def sign(self, content: bytes) -> bytes:
        """Return the 64 bytes of the signature; the same key and content give the same bytes."""
        return self.key.sign(content)


def read_signer(path: Path, ask_passphrase: Callable[[], str]) -> Signer:
    """Return the private key in a PEM file (PKCS#8).

    Args:
        path: The file.
        ask_passphrase: Called if the key is encrypted.

    Raises:
        UsageError: the file holds no Ed25519 key, or the passphrase does not open it.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = path.read_bytes()
    is_encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in content
    passphrase = ask_passphrase().encode() if is_encrypted else None
    try:
        key = load_pem_private_key(content, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as e:
        message = "the passphrase does not open this key" if is_encrypted else "is no private key in PEM"
        raise UsageError(message, where=show(path), hint=None if is_encrypted else _MAKE_KEY) from e
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError("is no Ed25519 key", where=show(path), hint=_MAKE_KEY)
    return Signer(key)


def read_public_key(path: Path) -> PublicKey:
    """Return the public key in a PEM file.

    Raises:
        UsageError: the file holds no public Ed25519 key.
    """
    key = public_key(path.read_bytes())
    if key is None:
        raise UsageError(
            "is no public Ed25519 key in PEM",
            where=show(path),
            hint="take it out of the private key with: openssl pkey -in key.pem -pubout -out public.pem",
        )
    return key


def public_key(pem: bytes) -> PublicKey | None:
    """Return the public key in a PEM text that anybody may have written; None if there is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return PublicKey(key) if isinstance(key, Ed25519PublicKey) else None
