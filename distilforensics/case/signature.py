"""Signature and time stamp over a seal: what whoever can write to the folder cannot make again.

`seal.txt` names the hashes of run.json, of both manifests, and of the custody log and the notes up to the seal. It is what is signed (Ed25519, by the
examiner's own key) and what is stamped (RFC 3161, in two steps for a machine without a network). All of it can be checked with
coreutils and openssl; `check.sh` in the case does so.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from distilforensics.case.checklist import Check
from distilforensics.case.custody import Problem
from distilforensics.case.layout import write_file
from distilforensics.core.errors import IntegrityError, UsageError
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from distilforensics.case.checklist import Verification
    from distilforensics.case.layout import Case

STATEMENT = "seal.txt"
SIGNATURE = "seal.txt.sig"
PUBLIC_KEY = "seal.pub.pem"
STAMP_REQUEST = "seal.tsq"
STAMP = "seal.tsr"
SEAL_FILES = frozenset({STATEMENT, SIGNATURE, PUBLIC_KEY, STAMP_REQUEST, STAMP})
"""Files of a seal that no manifest holds, since they hold the manifests."""

CHECKS = "check.sh"
"""The same checks for a shell, part of the bag."""

_FIRST_LINES = re.compile(
    r"# (?P<name>custody\.jsonl|notes\.jsonl): the first (?P<n>[1-9][0-9]{0,11}) lines have SHA-256 (?P<sha256>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Key:
    """A private key with the fingerprint that names it in public."""

    private: Ed25519PrivateKey
    fingerprint: str
    """SHA-256 of the public key in DER, as `openssl pkey -pubin -outform DER | sha256sum` prints it."""


def read_key(path: Path, passphrase: bytes | None = None) -> Key:
    """Return the Ed25519 key of a PEM file, such as `openssl genpkey -algorithm ed25519` writes.

    Raises:
        UsageError: the file holds no such key, or the passphrase is missing or wrong.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    hint = "make one with: openssl genpkey -algorithm ed25519 -out key.pem"
    try:
        private = load_pem_private_key(path.read_bytes(), passphrase)
    except TypeError as e:
        message = (
            "the key is encrypted" if passphrase is None else "the key is not encrypted, and a passphrase was given"
        )
        raise UsageError(message, where=show(str(path)), hint="--passphrase-file FILE") from e
    except (ValueError, UnsupportedAlgorithm) as e:
        message = "is no private key in PEM that can be read" + (", or the passphrase is wrong" if passphrase else "")
        raise UsageError(message, where=show(str(path)), hint=hint) from e
    if not isinstance(private, Ed25519PrivateKey):
        raise UsageError("is another kind of key, expected Ed25519", where=show(str(path)), hint=hint)
    return Key(private, fingerprint_of(private.public_key()))


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Return the Ed25519 public key of a PEM file.

    Raises:
        UsageError: the file holds none.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    hint = "make it from the private key: openssl pkey -in key.pem -pubout -out key.pub.pem"
    try:
        key = load_pem_public_key(path.read_bytes())
    except (ValueError, UnsupportedAlgorithm) as e:
        raise UsageError("is no public key in PEM that can be read", where=show(str(path)), hint=hint) from e
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError("is another kind of key, expected Ed25519", where=show(str(path)), hint=hint)
    return key


def fingerprint_of(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of a public key in DER."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def write_checks(case: Case) -> None:
    """Put the shell recipe into the case; it is the same for every case."""
    write_file(case.root / CHECKS, files("distilforensics.case").joinpath(CHECKS).read_bytes())


def write_statement(case: Case, anchors: Mapping[str, str], key: Key | None) -> None:
    """Write what the seal holds, signed if there is a key; signature and stamp of an earlier seal go."""
    lines = [
        f"{anchors['run_json_sha256']}  run.json",
        f"{anchors['manifest_sha256']}  manifest-sha256.txt",
        f"{anchors['tagmanifest_sha256']}  tagmanifest-sha256.txt",
        _first_lines(case.custody_log),
    ]
    if case.notes.is_file():
        lines.append(_first_lines(case.notes))
    for name in SEAL_FILES:
        (case.root / name).unlink(missing_ok=True)
    statement = "".join(f"{line}\n" for line in lines).encode()
    write_file(case.root / STATEMENT, statement)
    if key is not None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = key.private.public_key()
        write_file(case.root / PUBLIC_KEY, public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        write_file(case.root / SIGNATURE, key.private.sign(statement))


def _first_lines(path: Path) -> str:
    """Return the line of the statement about a file to which lines are only added."""
    content = path.read_bytes()
    n_lines = content.count(b"\n")
    return f"# {path.name}: the first {n_lines} lines have SHA-256 {hashlib.sha256(content).hexdigest()}"


def write_stamp_request(case: Case) -> Path:
    """Return the request for a time stamp over the seal, after writing it; it can be carried to a machine with a network.

    Raises:
        UsageError: the case has no seal.
    """
    from rfc3161_client import TimestampRequestBuilder

    request = TimestampRequestBuilder().data(_statement(case)).build()
    path = case.root / STAMP_REQUEST
    write_file(path, request.as_bytes())
    (case.root / STAMP).unlink(missing_ok=True)
    return path


def keep_stamp(case: Case, answer: Path) -> str:
    """Return the time that an authority's answer states, after checking that it answers the request, and keeping it.

    Raises:
        UsageError: there is no request or the file is no answer.
        IntegrityError: it is the answer to something else.
    """
    content = answer.read_bytes()
    faults, when = _stamp_faults(case, content)
    if faults:
        raise IntegrityError(
            faults[0], where=show(str(answer)), hint="ask for a stamp of the request that lies in the case: seal.tsq"
        )
    write_file(case.root / STAMP, content)
    return when


def check_signature(case: Case, key: Path | None, result: Verification) -> None:
    """Check statement, signature and stamp of a seal.

    Args:
        case: The case.
        key: Public key that the reader got from somewhere else; the one in the case only shows that nothing was changed by accident.
        result: What was found is added to it.
    """
    path = case.root / STATEMENT
    if not path.is_file():
        result.find(STATEMENT, "is missing")
        return
    n_before = len(result.problems)
    result.problems += _statement_faults(case, path.read_bytes())
    told = f"{STATEMENT} names run.json, both manifests, and custody log and notes up to the seal"
    result.check("seal", told, n_before)
    _check_key(case, key, result)
    _check_stamp(case, result)


def _statement(case: Case) -> bytes:
    path = case.root / STATEMENT
    if not path.is_file():
        raise UsageError(
            "is not sealed by this version", where=show(str(case.root)), hint="distilforensics seal --case DIR"
        )
    return path.read_bytes()


def _statement_faults(case: Case, statement: bytes) -> list[Problem]:
    lines = statement.decode("utf-8", "replace").splitlines()
    stated = {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines if not line.startswith("#"))}
    problems = []
    for name in ("run.json", "manifest-sha256.txt", "tagmanifest-sha256.txt"):
        path = case.root / name
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != stated.get(name):
            problems.append(Problem(STATEMENT, f"states another SHA-256 of {name}: it was changed after the seal"))
    begun = {match["name"]: match for match in map(_FIRST_LINES.fullmatch, lines) if match}
    if case.custody_log.name not in begun:
        return [*problems, Problem(STATEMENT, "does not state the custody log: it was changed")]
    for path in (case.custody_log, case.notes):
        if path.name in begun and not _begins_so(path, begun[path.name]):
            message = f"its first {begun[path.name]['n']} lines are not those that were sealed"
            problems.append(Problem(path.name, message))
    if statement != "".join(f"{line}\n" for line in lines).encode():
        problems.append(Problem(STATEMENT, "was changed: its lines do not end as they were written"))
    return problems


def _begins_so(path: Path, stated: re.Match[str]) -> bool:
    content = path.read_bytes() if path.is_file() else b""
    until = b"".join(line + b"\n" for line in content.split(b"\n")[: int(stated["n"])])
    return content.count(b"\n") >= int(stated["n"]) and hashlib.sha256(until).hexdigest() == stated["sha256"]


def _check_key(case: Case, key: Path | None, result: Verification) -> None:
    from cryptography.exceptions import InvalidSignature

    signature, n_before = case.root / SIGNATURE, len(result.problems)
    if not signature.is_file():
        if key:
            result.find(SIGNATURE, "is missing: the case is not signed, though a key was given")
        result.leave("signature", "there is none, so whoever can write here can seal anew; seal --sign KEY makes one")
        return
    try:
        public = read_public_key(key or case.root / PUBLIC_KEY)
    except (UsageError, OSError) as e:
        if key:
            raise
        result.find(PUBLIC_KEY, f"cannot be read: {show(str(e).splitlines()[0])}")
        return
    name = fingerprint_of(public)
    try:
        public.verify(signature.read_bytes(), (case.root / STATEMENT).read_bytes())
    except InvalidSignature:
        result.find(SIGNATURE, f"is no signature of this seal by the key {name}")
    if key:
        result.check("signature", f"against the key that was given, {name}", n_before)
    else:
        told = f"only against the key that lies in the case, {name}, which proves nothing; name one that you know: --key FILE"
        result.unchecked.append(Check("signature", told, len(result.problems) - n_before))


def _check_stamp(case: Case, result: Verification) -> None:
    stamp, n_before = case.root / STAMP, len(result.problems)
    if not stamp.is_file():
        waits = (case.root / STAMP_REQUEST).is_file()
        why = (
            "one was asked for and not put in" if waits else "there is none; the times are those of the machine's clock"
        )
        result.leave("time stamp", why)
        return
    try:
        faults, when = _stamp_faults(case, stamp.read_bytes())
    except UsageError as e:
        faults, when = [e.message], ""
    result.problems += [Problem(STAMP, fault) for fault in faults]
    told = f"stamps this seal at {when}" if when else "whether it stamps this seal"
    result.check("time stamp", told, n_before)
    result.leave("who stamped", f"needs the certificate of the authority: sh {CHECKS} KEY CA_FILE")


def _stamp_faults(case: Case, content: bytes) -> tuple[list[str], str]:
    """Return why an answer is no stamp of this seal, and the time that it states."""
    from rfc3161_client import PKIStatus, decode_timestamp_response

    request = case.root / STAMP_REQUEST
    if not request.is_file():
        raise UsageError(
            "there is no request for a stamp", where=STAMP_REQUEST, hint="distilforensics seal --timestamp-request"
        )
    try:
        answer = decode_timestamp_response(content)
        if answer.status not in {PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS}:
            return [f"the authority refused: status {int(answer.status)}"], ""
        info = answer.tst_info
    except ValueError as e:
        raise UsageError("is no answer of a time-stamp authority (RFC 3161)", where=show(case.name_of(request))) from e
    faults = []
    if info.message_imprint.message != hashlib.sha512(_statement(case)).digest():
        faults.append("stamps something else than this seal")
    return faults, info.gen_time.isoformat()
