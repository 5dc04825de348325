"""Who the account is: documented per format, overridden by the examiner, never a raw secret; and directories of accounts."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime

import pytest

from distilforensics.core.errors import InputRefusedError, UsageError
from distilforensics.core.schema import ACCOUNTS_DIRECTORY
from distilforensics.ingest.catalogue.columns import ACCOUNT_COLUMNS
from distilforensics.ingest.formats import (
    FieldMapping,
    Options,
    Sample,
    load_formats,
    match_accounts_directory,
    projection_of,
    read_accounts_directory,
)
from distilforensics.ingest.recognition.directory import is_card_number

ACCOUNT_ONLY = FieldMapping({"started_at": "t", "account_id": "a"})
SECRETS = [
    "sk-proj-abcdefghijklmnop",
    "Bearer abcdef",
    "bearer abcdef",
    "Basic dXNlcjpwYXNz",
    "AKIAIOSFODNN7EXAMPLE",
    "AIzaSyExample",
    "gsk_example",
    "eyJhbGciOiJub25lIn0.e30.",
]
IDS = ["key-1", "4f2c0b6e9d1a", "arn:aws:iam::001234567890:user/ops", "prod", "task-sk-1", "akia", "eyJ"]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_raw_secret_is_replaced_by_a_keyed_hash(secret, project):
    """Also where it is the account; the same secret gives the same hash, and the record is flagged."""
    mapping = FieldMapping({"started_at": "t", "api_key_id": "k", "account_id": "k"})
    row = project("generic", [{"t": 1772359200, "k": secret}], Options(mapping=mapping))[0]
    expected = "hmac:" + hmac.new(b"key of the tests", secret.encode(), hashlib.sha256).hexdigest()

    assert (expected, expected, ["secret_hashed"]) == (row["api_key_id"], row["account_id"], row["flags"])


def test_a_secret_that_is_only_the_account_is_replaced_too(project):
    """A log may carry the key as the user."""
    row = project("generic", [{"t": 1772359200, "a": "sk-abc"}], Options(mapping=ACCOUNT_ONLY))[0]

    assert row["account_id"].startswith("hmac:")
    assert row["flags"] == ["secret_hashed"]


@pytest.mark.parametrize("written", ["None", "null", "NULL", "nan", "undefined", "-", "\\N"])
def test_a_word_for_no_value_is_no_account(written, project):
    """Strangers without an account must not become one account."""
    row = project("generic", [{"t": 1772359200, "a": written}], Options(mapping=ACCOUNT_ONLY))[0]

    assert (None, ["account_placeholder"]) == (row["account_id"], row["flags"])


@pytest.mark.parametrize("written", ["", None])
def test_an_empty_account_is_no_account_and_no_doubt(written, project):
    """Nothing was said, so nothing is doubtful."""
    row = project("generic", [{"t": 1772359200, "a": written}], Options(mapping=ACCOUNT_ONLY))[0]

    assert (None, []) == (row["account_id"], row["flags"])


@pytest.mark.parametrize("identifier", IDS)
def test_the_id_of_a_key_stays_as_it_is(identifier, project):
    """Ids, hashes and names are no secrets."""
    mapping = FieldMapping({"started_at": "t", "api_key_id": "k"})
    row = project("generic", [{"t": 1772359200, "k": identifier}], Options(mapping=mapping))[0]

    assert (identifier, []) == (row["api_key_id"], row["flags"])


def test_a_raw_litellm_key_gets_the_hash_that_litellm_gives_it(project, sample):
    """So that rows of the same key before and after authentication stay together."""
    record = dict(sample("litellm_spendlogs.jsonl").records[0]) | {"api_key": "sk-example", "user": ""}
    row = project("litellm_spendlogs", [record])[0]

    assert hashlib.sha256(b"sk-example").hexdigest() == row["account_id"] == row["api_key_id"]
    assert "secret_hashed" in row["flags"]


def test_keys_of_the_litellm_administrator_are_accounts_of_their_own(project, sample):
    """Keys made without an owner all bear `default_user_id`; one account of them all would hide who did what."""
    row = dict(sample("litellm_spendlogs.jsonl").records[0]) | {"user": "default_user_id"}
    payload = dict(sample("litellm_payload.jsonl").records[0])
    payload["metadata"] = payload["metadata"] | {"user_api_key_user_id": "default_user_id"}

    assert project("litellm_spendlogs", [row])[0]["account_id"] == row["api_key"]
    assert project("litellm_payload", [payload])[0]["account_id"] == payload["metadata"]["user_api_key_hash"]


@pytest.mark.parametrize(
    ("account_field", "expected"),
    [
        (None, "u-ada"),
        ("tenant_id", "team-blue"),
        ("api_key_id", "4f2c0b6e9d1a8375c0ffee0102030405060708090a0b0c0d0e0f101112131415"),
        ("end_user_id", None),
        ("client_ip", "192.0.2.10"),
        ("$.metadata.user_api_key_project_id", "p-7"),
        ("$.no.such.field", None),
    ],
)
def test_the_examiner_chooses_what_the_account_is(account_field, expected, project, sample_lines):
    """A canonical column or a path; an empty value is no account."""
    row = project(
        "litellm_spendlogs", sample_lines("litellm_spendlogs.jsonl")[:1], Options(account_field=account_field)
    )[0]

    assert expected == row["account_id"]


@pytest.mark.parametrize(
    ("format_id", "account_field"),
    [
        ("litellm_spendlogs", "customer"),
        ("litellm_spendlogs", "record_id"),
        ("litellm_spendlogs", "account_id; drop table x"),
        ("litellm_spendlogs", "$"),
        ("litellm_spendlogs", "$.a['"),
        ("litellm_spendlogs", "$.a[*]"),
        ("litellm_spendlogs", "started_at"),
        ("nginx_combined", "$.user"),
    ],
)
def test_an_impossible_account_field_is_a_usage_error(format_id, account_field):
    """Before anything is read."""
    with pytest.raises(UsageError, match="account-field"):
        projection_of(load_formats()[format_id], Options(account_field=account_field))


def test_an_address_as_account_is_the_canonical_one(project):
    """A port or another spelling must not make two accounts of one machine."""
    line = '[2001:DB8::1]:443 - - [01/Mar/2026:10:00:01 +0000] "POST /v1/messages HTTP/1.1" 200 1 "-" "-"'

    assert project("nginx_combined", [line], Options(account_field="client_ip"))[0]["account_id"] == "2001:db8::1"


def test_every_account_column_can_be_chosen(project, sample_lines):
    """None of them fails; the formats take turns."""
    names = ("litellm_payload.jsonl", "bedrock_invocation.jsonl", "nginx_combined.log")
    for number, column in enumerate(ACCOUNT_COLUMNS):
        name = names[number % len(names)]
        rows = project(name.partition(".")[0], sample_lines(name), Options(account_field=column))
        assert [row[column] for row in rows] == [row["account_id"] for row in rows]


def directory_rows(connection, sample):
    match = match_accounts_directory(sample)
    connection.execute("create or replace temp table lines(row_index bigint, line varchar)")
    connection.executemany(
        "insert into lines values (?, ?)", [[i, json.dumps(record)] for i, record in enumerate(sample.records)]
    )
    return read_accounts_directory(connection, match, name=sample.name)


def test_a_directory_is_read_with_its_own_names(connection, sample):
    """Sign-up in UTC, e-mail reduced to its domain, rows without an account refused, unreadable times told."""
    result = directory_rows(connection, sample("accounts.csv"))

    expected = [
        (
            "u-1",
            datetime(2026, 1, 5, 7),
            "fp-a",
            "mail.example.org",
            "Ada@Mail.Example.ORG",
            "pro",
            "t-1",
            "Example Ltd",
        ),
        ("u-2", datetime(2026, 1, 5), "fp-a", None, None, "free", None, None),
        ("u-3", None, None, "example.net", "bob@example.net", "free", None, None),
    ]
    names = [column.name for column in ACCOUNTS_DIRECTORY.columns[:-2]]
    columns = ["email" if name == "mailbox" else name for name in names]
    assert [dict(zip(["row_index", *columns], [i, *row], strict=True)) for i, row in enumerate(expected)] == result.rows
    assert [(3, "no_account", "user_id is empty, expected an account")] == result.refused
    assert [(2, "invalid_timestamp", "signup_at is no time")] == result.doubted


def test_account_numbers_of_a_directory_stay_text(connection, sample):
    """As in exchanges: no identifier passes through a number."""
    rows = directory_rows(connection, sample("accounts.jsonl")).rows

    assert [("1", "example.com"), ("2", "example.com")] == [(row["account_id"], row["email_domain"]) for row in rows]


@pytest.mark.parametrize(
    "number", ["4111111111111111", "4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"]
)
def test_a_directory_with_a_card_number_is_refused_as_a_whole(number, connection):
    """Nothing of it may be stored; the message does not repeat the number."""
    sample = Sample("accounts.csv", [{"account_id": "a", "card": "fp-1"}, {"account_id": "b", "card": number}])
    with pytest.raises(InputRefusedError, match="holds a card number") as caught:
        directory_rows(connection, sample)

    assert caught.value.where == "accounts.csv[2]"
    assert number not in str(caught.value)


@pytest.mark.parametrize("value", [None, "", "fp-4111", "4111111111111112", "123456789012", "a4111111111111111"])
def test_fingerprints_are_no_card_numbers(value):
    """The check digit tells numbers of cards from other numbers."""
    assert not is_card_number(value)


@pytest.mark.parametrize(
    "records",
    [
        [],
        ["text"],
        [{"account_id": "a"}],
        [{"account_id": "a", "nickname": "x"}],
        [{"created_at": "2026-01-01", "plan": "pro"}],
        [{"account_id": "a", "created_at": "2026-01-01", "model": "m"}],
        [{"account_id": "a", "created_at": "2026-01-01", "prompt": "p"}],
        [{"account_id": "a", "created_at": "2026-01-01", "latency_ms": 1}],
        [{"account_id": "a", "plan": "pro"}, {"account_id": "a", "plan": "pro"}],
        [{"account_id": "a", "campaign_id": "C-1", "role": "pool"}],
        [{"id": "activity_1", "created_at": "2026-01-01", "organization_id": "o", "type": "sign_in"}],
    ],
    ids=str,
)
def test_what_is_not_keyed_by_account_or_tells_of_requests_is_no_directory(records):
    """Logs and labels are not taken for directories."""
    assert match_accounts_directory(Sample("x.csv", records)) is None


@pytest.mark.parametrize("name", ["bedrock_invocation.jsonl", "litellm_spendlogs.csv", "generic.csv", "labels.csv"])
def test_logs_are_no_directories(name, sample):
    """Every sample of a log."""
    assert match_accounts_directory(sample(name)) is None
