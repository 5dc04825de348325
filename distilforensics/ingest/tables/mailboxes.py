"""Mailboxes: the normal form of an e-mail address, equal for the spellings that reach one mailbox, and which accounts have one for a name."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING

from distilforensics.case.engines.duckdb import connect
from distilforensics.case.tables import write_rows

if TYPE_CHECKING:
    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.ingest.secrets import Secrets

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


def write_account_mailboxes(case: Case, limits: Limits, secrets: Secrets) -> None:
    """Write table `account_mailboxes`: accounts that the logs call by an e-mail address, with the hash of its mailbox."""
    if not case.table_files("exchanges"):
        write_rows(case, "account_mailboxes", [])
        return
    with connect(case, limits=limits, tables=["exchanges"]) as connection:
        query = "select distinct account_id from exchanges where contains(account_id, '@') order by account_id"
        accounts = [account for (account,) in connection.execute(query).fetchall()]
    found = ((account, mailbox(account)) for account in accounts)
    rows = [{"account_id": account, "mailbox": secrets.hashed(address)} for account, address in found if address]
    write_rows(case, "account_mailboxes", rows)
