"""Addresses have one form per machine, whatever the gateway wrote."""

from __future__ import annotations

import pytest

from distilforensics.ingest.catalogue.addresses import canonical_address, is_masked
from distilforensics.ingest.formats import FieldMapping, Options

OPTIONS = Options(mapping=FieldMapping({"started_at": "t", "client_ip": "ip"}))
CASES = [
    ("192.0.2.1", "192.0.2.1", False, []),
    (" 192.0.2.1 ", "192.0.2.1", False, []),
    ("192.0.2.1:443", "192.0.2.1", False, []),
    ("[2001:db8::1]:443", "2001:db8::1", False, []),
    ("[2001:db8::1]", "2001:db8::1", False, []),
    ("2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1", False, []),
    ("2001:db8:0:0:1::", "2001:db8:0:0:1::", False, []),
    ("fe80::1%eth0", "fe80::1", False, []),
    ("::ffff:192.0.2.1", "192.0.2.1", False, []),
    ("192.0.2.1, 198.51.100.1", "192.0.2.1", False, ["address_list"]),
    ("203.0.113.***", "203.0.113.***", True, []),
    ("203.0.113.x", "203.0.113.x", True, []),
    ("203.0.*.*", "203.0.*.*", True, []),
    ("2001:db8:1:xxxx:xxxx", "2001:db8:1:xxxx:xxxx", True, []),
    ("", None, None, []),
    (None, None, None, []),
    ("-", None, None, []),
    ("unknown", None, None, []),
    ("256.0.2.1", None, None, ["address_unreadable"]),
    ("192.0.2", None, None, ["address_unreadable"]),
    ("192.0.2.010", None, None, ["address_unreadable"]),
    ("192.0.2.1:99999 or 1=1", None, None, ["address_unreadable"]),
    ("*", None, None, ["address_unreadable"]),
    ("xx", None, None, ["address_unreadable"]),
    ("3232235521", None, None, ["address_unreadable"]),
]


@pytest.mark.parametrize(("written", "address", "masked", "flags"), CASES, ids=[str(case[0]) for case in CASES])
def test_an_address_becomes_its_canonical_form(written, address, masked, flags, project):
    """The projection and the function agree; what is no address becomes NULL with a flag."""
    row = project("generic", [{"t": 1772359200, "ip": written}], OPTIONS)[0]

    assert (address, masked, flags) == (row["client_ip"], row["is_ip_masked"], row["flags"])
    if written:
        assert address == canonical_address(written)


def test_many_addresses_of_every_kind_keep_their_rows(project):
    """The function works on the distinct values of a batch; every row gets its own answer back."""
    written = [f"192.0.2.{i % 250}" if i % 3 else f"[2001:db8::{i % 97:x}]:{i}" for i in range(5000)]
    rows = project("generic", [{"t": 1772359200, "ip": ip} for ip in written], OPTIONS)

    assert [canonical_address(ip) for ip in written] == [row["client_ip"] for row in rows]


@pytest.mark.parametrize(
    ("written", "expected"), [("81.2.69.***", True), ("81.2.69.1", False), ("xyz", False), ("", False)]
)
def test_a_masked_address_is_told_from_text(written, expected):
    """Only digits, colons and dots may stand before the mask."""
    assert is_masked(written) is expected
