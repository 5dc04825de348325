"""RFC 3161 time stamps in two steps, for machines without a network: a request goes out, a token comes in.

Time stamp and request lie beside seal-sha256.txt. What a token says is read here; whether it was signed by whom it
says is checked by the program openssl, which every examiner has and which also checks it without this program.
"""

from __future__ import annotations

import hashlib
import secrets
import subprocess
from dataclasses import dataclass
from shutil import which
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SHA256_OID = bytes.fromhex("0609608648016503040201")
_SEQUENCE, _INTEGER, _OCTETS, _TIME, _BOOLEAN = 0x30, 0x02, 0x04, 0x18, 0x01
_CONTENT = 0xA0
_GRANTED = (0, 1)
_NONCE_BYTES = 8
_SECONDS = 60
_MAX_LENGTH_BYTES = 4


class NotReadableError(ValueError):
    """Error indicating bytes that are no time stamp."""


@dataclass(frozen=True, slots=True)
class Token:
    """What an answer of a time-stamping authority says."""

    imprint: bytes
    """SHA-256 of what was stamped."""
    nonce: int | None
    time: str
    """UTC, such as 20261130061200Z."""


def _encode(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def _integer(value: int) -> bytes:
    return _encode(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def request(content: bytes, nonce: int | None = None) -> bytes:
    """Return a request for a time stamp over a content; the nonce is drawn if omitted."""
    nonce = secrets.randbits(8 * _NONCE_BYTES - 1) if nonce is None else nonce
    imprint = _encode(
        _SEQUENCE,
        _encode(_SEQUENCE, _SHA256_OID, b"\x05\x00"),
        _encode(_OCTETS, hashlib.sha256(content).digest()),
    )
    return _encode(_SEQUENCE, _integer(1), imprint, _integer(nonce), _encode(_BOOLEAN, b"\xff"))


def _elements(body: bytes) -> list[tuple[int, bytes]]:
    """Return tag and content of the elements that follow each other in DER."""
    found, at = [], 0
    while at < len(body):
        if at + 2 > len(body):
            raise NotReadableError("ends in the middle of an element")
        tag, length, at = body[at], body[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= _MAX_LENGTH_BYTES:
                raise NotReadableError("has a length that DER does not allow")
            length, at = int.from_bytes(body[at : at + size], "big"), at + size
        if at + length > len(body):
            raise NotReadableError("ends in the middle of an element")
        found.append((tag, body[at : at + length]))
        at += length
    return found


def _inside(body: bytes, *path: tuple[int, int]) -> bytes:
    """Return the content of an element: each step is its place among its neighbours and its tag."""
    for place, tag in path:
        elements = _elements(body)
        if place >= len(elements) or elements[place][0] != tag:
            raise NotReadableError("has not the form of a time stamp")
        body = elements[place][1]
    return body


def read_request(content: bytes) -> tuple[bytes, int]:
    """Return imprint and nonce of a request that `request` made.

    Raises:
        NotReadableError: it is none.
    """
    imprint = _inside(content, (0, _SEQUENCE), (1, _SEQUENCE), (1, _OCTETS))
    return imprint, int.from_bytes(_inside(content, (0, _SEQUENCE), (2, _INTEGER)), "big")


def read_token(content: bytes) -> Token:
    """Return what an answer says; nothing about its signature is checked.

    Raises:
        NotReadableError: it is none, or the authority refused.
    """
    status = int.from_bytes(_inside(content, (0, _SEQUENCE), (0, _SEQUENCE), (0, _INTEGER)), "big", signed=True)
    if status not in _GRANTED:
        raise NotReadableError(f"is a refusal of the authority, status {status}")
    signed = _inside(content, (0, _SEQUENCE), (1, _SEQUENCE), (1, _CONTENT), (0, _SEQUENCE))
    stamped = _inside(signed, (2, _SEQUENCE), (1, _CONTENT), (0, _OCTETS), (0, _SEQUENCE))
    algorithm = _inside(stamped, (2, _SEQUENCE), (0, _SEQUENCE))
    if not algorithm.startswith(_SHA256_OID):
        raise NotReadableError("is over a hash other than SHA-256")
    nonces = [body for tag, body in _elements(stamped)[5:] if tag == _INTEGER]
    time = _inside(stamped, (4, _TIME)).decode("ascii", "replace")
    return Token(
        imprint=_inside(stamped, (2, _SEQUENCE), (1, _OCTETS)),
        nonce=int.from_bytes(nonces[0], "big") if nonces else None,
        time=time,
    )


def faults(sealed: bytes, query: bytes, token: bytes) -> list[str]:
    """Return why a token does not answer the request for the time stamp of a seal; none if it does."""
    try:
        asked, nonce = read_request(query)
        if query != request(sealed, nonce):
            return ["the request is not for this seal"]
        said = read_token(token)
    except NotReadableError as e:
        return [str(e)]
    found = []
    if said.imprint != asked:
        found.append("is over other bytes than this seal")
    if said.nonce != nonce:
        found.append("answers another request: its nonce differs")
    return found


def has_openssl() -> bool:
    """Return whether the program that checks signatures of tokens is installed."""
    return which("openssl") is not None


def signature_fault(query: Path, token: Path, authority: Path) -> str | None:
    """Return why openssl does not accept the signature of a token under the certificates of an authority; None if it does."""
    command = ["openssl", "ts", "-verify", "-in", str(token), "-queryfile", str(query), "-CAfile", str(authority)]
    done = subprocess.run(  # noqa: S603 - fixed program, names of files as arguments
        command, capture_output=True, check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL
    )
    if done.returncode == 0:
        return None
    lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if "error" in line.lower()]
    return (lines or ["openssl does not accept it"])[0][:200]
