"""Client addresses in one canonical form, so that one machine is one value whatever the gateway wrote."""

from __future__ import annotations

import ipaddress
import re

_MASKED = re.compile(r"[0-9a-fA-F:.]*[0-9a-fA-F][.:][0-9a-fA-F:.]*(?:[*xX]+[.:]?)+")
_WITH_PORT = re.compile(r"(\d+\.\d+\.\d+\.\d+):\d+|\[([^\]]*)\](?::\d+)?")


def canonical_address(written: str) -> str | None:
    """Return the canonical form of an address as gateways write it, or None if it is none.

    Ports, brackets and zones are dropped, IPv6 is compressed and in lower case, an IPv4 address inside IPv6 becomes IPv4.
    From a list, as in X-Forwarded-For, the first entry is taken. An address with masked parts stays as written.
    """
    first = written.split(",", 1)[0].strip().strip('"')
    if is_masked(first):
        return first
    if match := _WITH_PORT.fullmatch(first):
        first = match[1] or match[2]
    try:
        address = ipaddress.ip_address(first.split("%", 1)[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)


def is_masked(written: str) -> bool:
    """Tell whether parts of an address are replaced by stars or letters x, as in `81.2.69.***`."""
    return _MASKED.fullmatch(written.strip()) is not None
