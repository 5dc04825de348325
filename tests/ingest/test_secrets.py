"""Raw secrets reach no table, whatever field they stand in; what is no secret stays as it was written."""

import json

import numpy as np
import pyarrow as pa
import pytest

from distilforensics.ingest.secrets import POLARS_BYTES, Secrets

KEY = "sk-proj-a1B2c3D4e5F6g7H8i9J0k1L2"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
SECRETS = {
    "an API key": KEY,
    "a key after words": f"my key is {KEY}, keep it",
    "a web token": TOKEN,
    "a bearer token": "Authorization: Bearer 0a1b2c3d4e5f6g7h8i9j",
    "basic": "authorization: Basic dXNlcjpwYXNzd29yZDE=",
    "a password": "password=hunter2",
    "a password in JSON": '{"password": "hunter2!", "user": "x"}',
    "a password in escaped JSON": r"{\"password\": \"hunter2\"}",
    "an address with a password": "postgres://app:correct@db/x",
    "a key without a digit": "sk-AbCdEfGhIjKlMnOpQrStUvWx",
    "a long name of a key": "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "a refresh token": '{"refresh_token": "1//0gAbc123def"}',
    "a key of a mail service": "SG.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf09kqeF8tAmbihYzrnopKc",
    "a key in an address": "https://example.org/x?v=1&sig=a1b2c3d4e5f6a7b8",
    "a cloud key": "AKIAIOSFODNN7EXAMPLE",
    "a repository token": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "a private key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END",
}
RAW = (
    "AbCdEfGhIjKl", "wJalrXUtnFEMI", "bPxRfiCY", "0gAbc123def", "ngeVfQFYQlKU", "TwL2iGABf9DH", "a1b2c3d4e5f6",
    KEY, "0a1b2c3d4e5f6g7h8i9j", "dXNlcjpwYXNzd29yZDE", "hunter2", "correct", "AKIAIOSFODNN7", "ghp_16C7", "MIIEvQ", "dozjgNryP4"
)  # fmt: skip
HARMLESS = (
    "a risk-averse-investor-with-many-stocks",
    "sk-learn-based-classification-model",
    "the basic internationalization of texts",
    "sk_SomeLongNameOfAClassInCamelCase",
    "https://example.org/x?key=value&sort=ascending-by-name",
    "secret_key: str = field(default=None)",
    "password: str = getpass()",
    "What is a secret: something nobody knows",
    "https://example.org:8080/path",
    "hf_hub_download_something_long",
    "api_key = os.environ['KEY']",
    "hmac:" + "0" * 64,
    '{"api_key": "' + "0f" * 32 + '"}',
)


@pytest.fixture
def secrets():
    """Under a key."""
    return Secrets(b"key")


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
def test_secrets_become_keyed_hashes(secrets, text):
    """Nothing of it is left, the words around it are."""
    clean = secrets.in_text(text)
    assert not any(raw in clean for raw in RAW)
    assert "hmac:" in clean
    assert secrets.in_text(clean) == clean
    assert Secrets(b"other").in_text(text) != clean


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_stays(secrets, text):
    """A text that is changed without need is evidence lost."""
    assert secrets.in_text(text) == text


@pytest.mark.parametrize("n_bytes", [0, POLARS_BYTES], ids=["a little text", "a lot of text"])
def test_a_column_is_searched_as_a_single_text_is(secrets, monkeypatch, n_bytes):
    """The quick look of either engine misses nothing."""
    monkeypatch.setattr(secrets, "_n_bytes", n_bytes)
    words = "passwd PASSWORD passphrase pwd secret secret_access secret_access_key secretKey api-key accountkey PrivateKey access_token idtoken"
    texts = [None, *SECRETS.values(), *(f'{word}" : "a1b2c3d4e5f6g7' for word in words.split()), *HARMLESS, ""]
    column, changed = secrets.in_column(pa.chunked_array([pa.array(texts), pa.array(["plain"])]))
    assert column.to_pylist() == [text and secrets.in_text(text) for text in texts] + ["plain"]
    assert changed.tolist() == list(range(1, len(SECRETS) + len(words.split()) + 1))
    as_bytes, _ = secrets.in_column(pa.array([b"\xff" + KEY.encode()]))
    assert as_bytes[0].as_py() == b"\xff" + secrets.in_text(KEY).encode()
    assert len(secrets.in_column(pa.array([None, None], pa.string()))[1]) == 0
    assert isinstance(changed, np.ndarray)


def test_a_secret_is_found_wherever_it_stands_among_others(secrets):
    """Neighbours are searched together; what begins in one text and ends in the next is nobody's secret."""
    texts = [f"{'x' * (i % 90)} user-{i}" if i % 7 else None for i in range(4000)]
    places = [1, 2, 3, 400, 401, 1999, 2000, 3998]
    for place in places:
        texts[place] = f"key {KEY}"
    texts[700], texts[701] = f"ends with {KEY[:12]}", KEY[12:]
    column = pa.chunked_array(
        [pa.array(["", *texts[:1000]]).slice(1), pa.array([], pa.string()), pa.array(texts[1000:])]
    )
    assert secrets.in_column(column)[1].tolist() == places


def test_the_same_secret_has_one_hash_in_every_field(read, log, line):
    """So it still ties records together: as the key of one record and in the prompt of another."""
    key = "xai-a1B2c3D4e5F6g7H8i9J0k1L2"
    rows = [line(1, api_key=key), line(2, proxy_server_request={"messages": [{"role": "user", "content": f"x {key}"}]})]
    found = read(log(b"\n".join(rows) + b"\n"))
    assert found.rows[1]["prompt_text"] == f"x {found.rows[0]['api_key_id']}"


def test_no_secret_of_any_field_reaches_the_case(ingest, case, tmp_path, record, table):
    """Model, user agent, ids, prompts, answers, unknown keys, quarantined bytes, accounts directory; counted per field."""
    logs = tmp_path / "logs"
    logs.mkdir()
    where = {"role": "user", "content": f"q {KEY}"}
    rows = [
        record(1, model=f"gpt {KEY}", user=f"u {KEY}", request_id=KEY, end_user=KEY, session_id=KEY, **{KEY: 1}),
        record(2, proxy_server_request={"messages": [where, {"role": "assistant", "content": TOKEN}, where]}),
        record(3, response={"choices": [{"message": {"content": f"a {KEY} b password=hunter2"}}]}),
        record(4, metadata={"user_agent": f"curl {KEY}"}, requester_ip_address=KEY),
        record(5, startTime=KEY),
    ]
    lines = [json.dumps(row) for row in rows] + [f'{{"broken": "Bearer 0a1b2c3d4e5f6g7h8i9j {KEY}"']
    (logs / "gateway.jsonl").write_text("\n".join(lines) + "\n")
    (logs / "accounts.csv").write_text(
        f"account_id,created_at,organization\nuser-1,2026-01-01,Org {KEY}\nuser-2,2026-01-02,B\n"
    )
    ingest(logs)
    written = b"".join(_plain(path) for path in case.root.rglob("*") if path.is_file())
    assert len(written) > 2000
    assert [raw for raw in RAW if raw.encode() in written] == []
    by_path = {row["path"]: row["secrets_hashed"] for row in table("sources")}
    counted = dict(text.rsplit(" ", 1) for text in by_path["gateway.jsonl"])
    assert (
        counted.items()
        >= {"prompt_text": "1", "response_text": "1", "messages_json": "1", "quarantine.raw_prefix": "2"}.items()
    )
    assert by_path["accounts.csv"] == ["organization 1"]


@pytest.mark.parametrize("before", [4066, 4085, 4091, 4096])
def test_a_secret_that_the_quarantine_would_cut_is_found(read, log, line, before):
    """Wherever it begins; nothing beyond the last byte that is kept moves in."""
    start = b'{"broken": "'
    n_filled = before - len(start)
    broken = start + b"y" * (n_filled % 2) + b"x " * (n_filled // 2) + KEY.encode() + b" end" * 200
    found = read(log(line(1) + b"\n" + broken + b"\n" + line(2) + b"\n"))
    (row,) = found.refused
    assert len(row["raw_prefix"]) <= 4096
    assert KEY[:5].encode() not in row["raw_prefix"]
    assert b"end" not in row["raw_prefix"]


def _plain(path):
    """All values of a table as text, since its bytes are compressed."""
    import pyarrow.parquet as pq

    if path.suffix != ".parquet":
        return path.read_bytes()
    return repr(pq.read_table(path).to_pylist()).encode()
