"""Fingerprints that two providers exchange: one pool matches, strangers do not, and nothing in the file can be read back."""

import csv
import hashlib
import json
import re
import sys
from pathlib import Path

import duckdb
import pytest
import stix2

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import open_case
from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.core.errors import UsageError
from distilforensics.pipeline.matching.comparing import compare
from distilforensics.pipeline.matching.exchange import EXTENSION, as_bundle, read_bundle
from distilforensics.pipeline.matching.marks import Group, Key, Mark, cannot_be_guessed, groups_of

ROOT = Path(__file__).parents[2]
LIMITS = Limits(600_000_000, 1)


@pytest.fixture(scope="module")
def key_file(tmp_path_factory):
    """A secret."""
    path = tmp_path_factory.mktemp("key") / "shared.key"
    path.write_text("5f2b9c1d7e4a6083f1c2d3e4a5b6c7d8\n")
    return path


@pytest.fixture(scope="module")
def two_providers(tmp_path_factory):
    """The cases of one simulated pool, half of it at each of two providers."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import matching
    finally:
        sys.path.pop(0)
    return matching.two_providers(tmp_path_factory.mktemp("providers"), "pool_random", 1, scale=0.6)


def written(case, key_file, folder, *options):
    """Return the file that the command writes for a case."""
    path = folder / f"{case.name}-{hashlib.sha256(str(case).encode()).hexdigest()[:8]}.json"
    arguments = ["fingerprints", str(case), "--key-file", str(key_file), "--out", str(path), "--force", *options]
    assert run_cli(arguments) == ExitCode.COMPLETE
    return path


def told(capsys, *arguments):
    """Return what a command tells as JSON."""
    capsys.readouterr()
    assert run_cli([*map(str, arguments), "--json"]) == ExitCode.COMPLETE
    return json.loads(capsys.readouterr().out)


def test_one_pool_at_two_providers_matches_and_strangers_do_not(two_providers, sample_case, key_file, tmp_path, capsys):
    """By content and client program; the pool of the sample is another one."""
    a, b, stranger = (written(case, key_file, tmp_path) for case in (*two_providers, sample_case("pool")))

    (pair,) = [pair for pair in told(capsys, "match", a, b)["pairs"] if pair["is_match"]]
    assert {"content", "program"} <= set(pair["bits_of_families"])
    for file in (a, b):
        answer = told(capsys, "match", file, stranger)
        assert answer["n_first"] >= 1 == answer["n_second"]
        assert not [pair for pair in answer["pairs"] if pair["is_match"]]


def test_the_accounts_of_a_pool_are_found_where_no_campaign_is(two_providers, key_file, tmp_path, capsys):
    """By the other side's file alone; customers are not accused."""
    a, b = two_providers
    labels = b.parent / re.sub("-b$", "-service", b.name) / "labels.csv"
    pool = {row["account_id"] for row in csv.DictReader(labels.read_text().splitlines()) if row["campaign_id"]}
    theirs = written(a, key_file, tmp_path, "--campaigns-only")
    found = told(capsys, "match", theirs, b, "--key-file", key_file)
    seen = {row[0] for row in duckdb.execute(f"select account_id from '{b}/findings/accounts.parquet'").fetchall()}
    named = {row["account_id"] for row in found["accounts"]}
    assert named <= pool
    assert len(named) > 0.8 * len(pool & seen)


def test_nothing_of_the_log_can_be_read_or_tried_from_the_file(sample_case, key_file, tmp_path):
    """No prompt, account, address, mail domain, organisation, program or payment method; nor a hash of one without the key."""
    case = sample_case("pool")
    text = written(case, key_file, tmp_path).read_text()
    secrets = set()
    for table, columns in (
        ("data/exchanges/*.parquet", ("account_id", "client_ip", "prompt_text", "system_text", "response_text", "user_agent",
                                      "api_key_id", "tenant_id", "end_user_id", "request_id", "record_id", "session_id")),
        ("data/account_profiles.parquet", ("payment_fingerprint", "email_domain", "organization")),
        ("data/exchange_features.parquet", ("prompt_hash", "prefix_template", "suffix_template", "system_template")),
    ):  # fmt: skip
        for column in columns:
            rows = duckdb.execute(f"select distinct {column} from '{case}/{table}'").fetchall()
            secrets |= {value for (value,) in rows if value and len(value) > 5}
    assert len(secrets) > 20_000
    words = set(re.findall(r"[0-9a-f]{16,}", text))
    for secret in secrets:
        assert secret not in text
        assert secret.rpartition(":")[2] not in words
        for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256):
            plain = digest(secret.encode()).hexdigest()
            assert plain[:16] not in words
            assert plain[:32] not in words
    # Every value is a keyed hash, and another key gives none of them.
    other = tmp_path / "other.key"
    other.write_text("00112233445566778899aabbccddeeff\n")
    shared = set(re.findall(r"[0-9a-f]{32}", text)) & set(
        re.findall(r"[0-9a-f]{32}", written(case, other, tmp_path / "..").read_text())
    )
    assert not shared
    fields = {key for item in json.loads(text)["objects"] for key in item.get("extensions", {}).get(EXTENSION, {})}
    assert fields == {"extension_type", "key_check", "n_accounts", "first_day", "last_day", "cut_kinds", "marks"}


def test_the_file_is_stix_and_always_the_same(sample_case, key_file, tmp_path):
    """The library of the standard reads it strictly."""
    case = sample_case("pool")
    text = written(case, key_file, tmp_path).read_bytes()
    bundle = stix2.parse(text.decode(), allow_custom=False)
    (campaign,) = [item for item in bundle.objects if item.type == "campaign"]
    assert campaign.name == "C-01"
    assert written(case, key_file, tmp_path).read_bytes() == text
    key = Key(key_file)
    groups = groups_of(open_case(case), key, Limits(600_000_000, 2))
    assert as_bundle(groups, key.check) == text
    path = tmp_path / "again.json"
    path.write_bytes(text)
    assert read_bundle(path) == (key.check, groups)


def group(name="C-01", n=30, is_cut=(), **marks):
    """A group whose values are held by all members and by hardly anybody else."""
    made = {
        kind: {hashlib.md5(value.encode()).hexdigest(): Mark(1.0, 8.0) for value in values}
        for kind, values in marks.items()
    }
    return Group(name, "strong", n, None, None, made, frozenset(is_cut))


@pytest.mark.parametrize(
    ("one", "other", "is_match"),
    [
        (group(frame="f", program="p"), group(frame="f", program="p"), True),
        (group(frame="f", passage="x", prompt="abcd"), group(frame="f", passage="x", prompt="abcd"), False),
        (group(program="p", parameters="q"), group(program="p", parameters="q"), False),
        (group(payment="ab", frame="f"), group(payment="bc", frame="f"), True),
        (group(frame="f", program="p"), group(frame="g", program="p"), False),
    ],
    ids=["content and program", "a public set of tasks", "a public program", "a card and content", "one thing"],
)
def test_two_kinds_of_things_make_a_match(one, other, is_match):
    """One kind is listed and is none."""
    (pair,) = compare([one], [other])
    assert pair.is_match is is_match


def test_what_is_common_among_others_weighs_nothing():
    """On either side."""
    one, other = group(frame="f", program="p"), group(frame="f", program="p")
    other.marks["program"] = dict.fromkeys(other.marks["program"], Mark(1.0, 0.5))
    (pair,) = compare([one], [other])
    assert pair.families == {"content": 8.0}
    assert not pair.is_match


def test_lists_that_were_cut_are_compared_as_far_as_both_reach():
    """Half of the values in common are half, however many are written."""
    values = sorted((hashlib.md5(str(i).encode()).hexdigest(), Mark(1.0, 8.0)) for i in range(2000))
    whole = Group("a", "strong", 9, None, None, {"prompt": dict(values)})
    cut = Group("b", "strong", 9, None, None, {"prompt": dict(values[::2][:100])}, frozenset({"prompt"}))
    (pair,) = compare([whole], [cut])
    (common,) = pair.common
    assert common.n == 100
    assert common.share_b == 1.0
    assert common.share_a == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        ("pay_ac824e9c734f87dacb0c", True),
        ("4111111111111111", False),
        ("card 4111-1111-1111-1111", False),
        ("corporate-card-marketing", False),
        ("pm_000000000000000000000001", False),
        ("someone@example.com", False),
    ],
)
def test_only_payment_methods_that_nobody_can_try_are_written(value, is_kept):
    """A card has fewer than 64 bits."""
    assert cannot_be_guessed(value) is is_kept


@pytest.mark.parametrize("secret", ["", "short", "a" * 64, "12341234123412341234123412341234"])
def test_a_key_that_can_be_guessed_is_refused(secret, tmp_path):
    """With the command that makes one."""
    path = tmp_path / "key"
    path.write_text(secret)
    with pytest.raises(UsageError, match="can be guessed") as caught:
        Key(path)
    assert "openssl" in caught.value.hint


def bundle_with(**changed):
    """A bundle with one group and changes to its extension."""
    key_check = changed.pop("key_check", "x")
    bundle = json.loads(as_bundle([group(frame="f")], key_check))
    bundle["objects"][-1]["extensions"][EXTENSION].update(changed)
    return json.dumps(bundle)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no STIX bundle"),
        ("[" * 100_000, "no STIX bundle"),
        ('{"objects": 3}', "no STIX bundle"),
        ('{"objects": [{"type": "campaign\\u001b[31m"}]}', r"holds no fingerprints, only 'campaign\\x1b"),
        (bundle_with(marks=3), "damaged"),
        (bundle_with(marks={"frame": [["x", 1, 1]]}), "damaged"),
        (bundle_with(marks={"frame": [["0" * 32, 1e9, 1]]}), "damaged"),
        (bundle_with(marks={"frame": [["0" * 32, 0.5, float("nan")]]}), "damaged"),
        (bundle_with(first_day="yesterday"), "damaged"),
        (bundle_with(n_accounts=None), "damaged"),
    ],
)
def test_files_that_are_none_are_refused(content, reason, tmp_path):
    """With what is wrong, and nothing that acts on a terminal."""
    path = tmp_path / "theirs.json"
    path.write_text(content)
    with pytest.raises(UsageError) as caught:
        read_bundle(path)
    assert re.search(reason, str(caught.value))
    assert "\x1b" not in str(caught.value)


def test_files_of_different_keys_are_not_compared(tmp_path, capsys):
    """An empty answer would look like no match."""
    for name in "ab":
        (tmp_path / f"{name}.json").write_text(bundle_with(key_check=name))
    assert run_cli(["match", str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == ExitCode.USAGE
    assert "different keys" in capsys.readouterr().err
