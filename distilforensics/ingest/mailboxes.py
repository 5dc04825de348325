"""The normal form of an e-mail address: equal for the spellings that reach one mailbox."""

from __future__ import annotations

import unicodedata
from contextlib import suppress

_DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
"""Domains that ignore dots in names, with the name under which they are one."""

_DASHED = frozenset({"yahoo.com", "ymail.com", "rocketmail.com"})
"""Domains whose tags begin with a dash."""


def mailbox(address: str) -> str | None:
    """Return the mailbox that an address reaches; None if it is no address.

    Case and notation of letters do not count, nor do tags after a plus, nor dots where the provider ignores them.
    """
    name, at, domain = unicodedata.normalize("NFKC", address).strip().casefold().rpartition("@")
    if not at or not name or not domain:
        return None
    with suppress(UnicodeError):  # no name of a domain, but perhaps still one of a mailbox
        domain = domain.rstrip(".").encode("idna").decode()
    name = name.strip('"').partition("+")[0] or name
    if domain in _DOTLESS:
        name, domain = name.replace(".", ""), _DOTLESS[domain]
    elif domain in _DASHED:
        name = name.partition("-")[0] or name
    return f"{name}@{domain}"
