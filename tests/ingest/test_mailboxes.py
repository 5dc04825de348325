"""Spellings of one mailbox have one keyed hash; the address itself is in no table."""

import pytest

from distilforensics.ingest.tables.mailboxes import mailbox


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoe.Smith+api7@Gmail.com", "zoesmith@googlemail.com"),
        ("max+1@example.org", "MAX@EXAMPLE.ORG"),
        ("\uff4dax@example.org", "max@example.org"),
        ("m\u00fcller@b\u00fccher.example", "mu\u0308ller@xn--bcher-kva.example"),
        ("joe-key2@yahoo.com", "joe@yahoo.com"),
    ],
)
def test_spellings_of_one_mailbox(one, other):
    """Case, tags, dots that do not count, and notations of letters."""
    assert mailbox(one) == mailbox(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a.b@example.org", "ab@example.org"), ("a-1@example.org", "a@example.org")]
)
def test_other_mailboxes(one, other):
    """Dots and dashes count where no provider ignores them."""
    assert mailbox(one) != mailbox(other)


@pytest.mark.parametrize("text", ["", "example.org", "@example.org", "name@"])
def test_what_is_no_address(text):
    """Directories that hold domains alone have no mailboxes."""
    assert mailbox(text) is None


def test_a_directory_keeps_hashes_of_addresses(ingest, log, line, table):
    """Two spellings tie two accounts together; nobody can read the name."""
    log(line(1) + b"\n")
    rows = "account_id,email,plan\na1,Zoe.Smith+1@gmail.com,pro\na2,zoesmith+2@gmail.com,pro\na3,max@gmail.com,pro\n"
    ingest(log(rows.encode(), "accounts.csv").parent)
    one, two, three = table("accounts_directory")
    assert one["mailbox"] == two["mailbox"] != three["mailbox"]
    assert one["mailbox"].startswith("hmac:")
    assert {row["email_domain"] for row in (one, two, three)} == {"gmail.com"}
    assert "smith" not in str((one, two)).lower()


def test_accounts_that_are_addresses_tie_as_directories_do(ingest, log, line, table):
    """Among each other and with a directory, however they are spelt; what is no address has no row."""
    accounts = ("Zoe.Smith+1@gmail.com", "zoesmith+2@GMAIL.com", "max@example.org", "gateway-7", "@here")
    log(b"".join(line(n, user=account) + b"\n" for n, account in enumerate(accounts * 2)))
    directory = log(b"account_id,email,plan\ngateway-7,z.o.e.smith@googlemail.com,pro\n", "accounts.csv")
    ingest(directory.parent)
    found = {row["account_id"]: row["mailbox"] for row in table("account_mailboxes")}
    assert list(found) == sorted(accounts[:3])
    assert found[accounts[0]] == found[accounts[1]] == table("accounts_directory")[0]["mailbox"] != found[accounts[2]]
    assert all(value.startswith("hmac:") for value in found.values())
