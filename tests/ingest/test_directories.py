"""Accounts directories among the inputs."""

import gzip

DIRECTORY = (
    "account_id,created_at,payment_fingerprint,email,plan\n"
    "a1,2026-01-01T00:00:00Z,fp_1,Zoe@Example.org,pro\n"
    "a2,2026-01-02T00:00:00Z,fp_2,max@example.com,free\n"
    ",2026-01-02T00:00:00Z,fp_3,nobody@example.com,free\n"
)


def test_a_directory_goes_to_its_own_table(ingest, log, line, table):
    """Addresses are reduced to their domain; a row without account is refused with its line."""
    log(line(1) + b"\n")
    path = log(DIRECTORY.encode(), "accounts.csv")
    summary = ingest(path.parent)
    rows = table("accounts_directory")
    assert [(row["account_id"], row["email_domain"], row["source_line"]) for row in rows] == [
        ("a1", "example.org", 2),
        ("a2", "example.com", 3),
    ]
    assert [(row["source_line"], row["reason"]) for row in table("quarantine")] == [(4, "no_account")]
    source = next(source for source in summary.sources if source.role == "accounts_directory")
    assert (source.balance.n_read, source.balance.n_kept, source.balance.n_quarantined) == (3, 2, 1)
    assert summary.total.n_read == 1


def test_directories_are_read_like_logs(ingest, log, line, table):
    """Compressed JSON lines with a damaged one."""
    log(line(1) + b"\n")
    rows = [b'{"account_id": "a%d", "plan": "pro", "email": "x@example.net"}\n' % n for n in range(20)]
    path = log(gzip.compress(b"".join(rows) + b'{"account_id": "a9", "plan"\n'), "accounts.json.gz")
    ingest(path.parent)
    assert [row["account_id"] for row in table("accounts_directory")] == [f"a{n}" for n in range(20)]
    assert [(row["source_line"], row["reason"]) for row in table("quarantine")] == [(21, "torn_line")]


def test_card_numbers_refuse_the_whole_directory(ingest, log, line, table):
    """Nothing of it is stored."""
    log(line(1) + b"\n")
    path = log(DIRECTORY.replace("fp_2", "4111 1111 1111 1111").encode(), "accounts.csv")
    summary = ingest(path.parent)
    assert "card number" in summary.refused[0].reason
    assert (table("accounts_directory"), table("quarantine")) == ([], [])


def test_a_case_of_directories_alone_has_no_log(ingest, log):
    """A directory is no log."""
    import pytest

    from distilforensics.core.errors import InputRefusedError

    with pytest.raises(InputRefusedError, match=r"accounts\.csv"):
        ingest(log(DIRECTORY.encode(), "accounts.csv"))


def test_a_column_that_is_empty_at_the_beginning_is_read(ingest, log, line, table):
    """What the first thousand rows leave empty is a column all the same, wherever its values stand."""
    log(line(1) + b"\n")
    rows = [f"a{n},2026-01-01T00:00:00Z,{'Acme' if n >= 1990 else ''}\n" for n in range(2000)]
    path = log(("account_id,created_at,organization\n" + "".join(rows)).encode(), "accounts.csv")
    ingest(path.parent)
    named = [row["account_id"] for row in table("accounts_directory") if row["organization"] == "Acme"]
    assert named == [f"a{n}" for n in range(1990, 2000)]


def test_one_strange_row_does_not_take_the_account_from_the_others(ingest, log, line, table):
    """A better name for the account in a single late row changes nothing for the rows that were recognised."""
    log(line(1) + b"\n")
    rows = [b'{"user_id": "a%d", "plan": "pro"}\n' % n for n in range(2000)]
    path = log(b"".join(rows) + b'{"account_id": "b", "user_id": "a2000", "plan": "pro"}\n', "accounts.json")
    ingest(path.parent)
    assert [row["account_id"] for row in table("accounts_directory")] == [f"a{n}" for n in range(2001)]
    assert table("quarantine") == []
