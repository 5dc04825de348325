"""What a simulation leaves behind: the same bytes every time, complete labels, honest counts, documentation addresses."""

import hashlib
import ipaddress
import os
import subprocess
import sys
from collections import Counter

import pytest

from distilforensics.core.errors import UsageError
from distilforensics.simulate import SCENARIOS, WRITERS, simulate
from distilforensics.simulate.writers.files import LogFile

DOCUMENTATION = [
    ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


def records(small):
    """Account id and client address of every exchange, format by format."""
    yield from ((row["user"], row["requester_ip_address"]) for row in small.spendlogs)
    yield from ((row["metadata"]["user_api_key_user_id"], row["requester_ip_address"]) for row in small.payloads)
    yield from ((row["identity"]["arn"], None) for row in small.bedrock)
    yield from ((row["account_id"], row["client_ip"]) for row in [*small.jsonl, *small.csv, *small.hashed])
    yield from ((row["account"], row["ip"]) for row in small.nginx if row["account"] != "-")


def test_the_same_seed_gives_the_same_bytes(small, tmp_path, reader):
    """Every file of a second run is equal, compressed ones included."""
    simulate("pool", tmp_path / "again", seed=11, scale=0.2, days=4, formats=list(WRITERS))
    assert reader.tree(tmp_path / "again") == reader.tree(small.out)


def test_the_bytes_do_not_depend_on_the_hash_seed_of_the_process(tmp_path, reader):
    """Two fresh interpreters with different string hashes write the same."""
    code = "import sys; from pathlib import Path; from distilforensics.simulate import simulate; simulate('pool', Path(sys.argv[1]), seed=4, scale=0.1, days=2)"
    for hash_seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / hash_seed)],
            check=True,
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
        )
    assert reader.tree(tmp_path / "1") == reader.tree(tmp_path / "2")


def test_another_seed_gives_other_accounts_and_records(small, tmp_path):
    """No account of one seed appears under another one."""
    simulate("pool", tmp_path / "other", seed=12, scale=0.2, days=4, formats=list(WRITERS))
    other = (tmp_path / "other" / "labels.csv").read_text()
    assert not any(account_id in other for account_id in small.labels)


def test_counts_in_the_description_equal_the_records_in_the_logs(small):
    """`scenario.json` and the returned summary are the ground truth of a balance."""
    counted = {
        "litellm_spendlogs": len(small.spendlogs),
        "litellm_payload": len(small.payloads),
        "bedrock_invocation": len(small.bedrock),
        "generic_jsonl": len(small.jsonl),
        "generic_csv": len(small.csv),
        "generic_hashed": len(small.hashed),
        "nginx_combined": sum(row["account"] != "-" for row in small.nginx),
    }
    assert small.description["counts"]["exchanges_by_format"] == counted == small.summary.exchanges_by_format
    others = sum(row["account"] == "-" for row in small.nginx)
    assert small.description["counts"]["other_lines_by_format"] == {
        name: others if name == "nginx_combined" else 0 for name in counted
    }
    assert others == 4 * 24 * 8
    assert small.description["counts"]["exchanges"] == sum(counted.values()) == small.summary.n_exchanges
    assert small.summary.n_accounts == len(small.labels) == sum(small.summary.accounts_by_role.values())


def test_labels_cover_exactly_the_accounts_in_the_logs(small):
    """No record without a label, no label without a record; the directory knows all of them and some who never came."""
    seen = Counter(account_id for account_id, _ in records(small))
    assert seen.keys() == small.labels.keys()
    assert small.labels.keys() < small.directory.keys()
    by_role = Counter()
    for account_id, count in seen.items():
        by_role[small.labels[account_id]["role"]] += count
    assert dict(by_role) == small.summary.exchanges_by_role


def test_only_pool_accounts_carry_a_campaign(small):
    """Role and campaign say the same."""
    assert {(row["role"] == "pool", row["campaign_id"]) for row in small.labels.values()} == {
        (True, "pool-1"),
        (False, ""),
    }


def test_the_pool_spans_several_gateways(small):
    """One case has to join several formats to see the whole pool."""
    accounts = {
        "spendlogs": {row["user"] for row in small.spendlogs},
        "bedrock": {row["identity"]["arn"] for row in small.bedrock},
        "csv": {row["account_id"] for row in small.csv},
        "nginx": {row["account"] for row in small.nginx},
    }
    pool = {account_id for account_id, row in small.labels.items() if row["role"] == "pool"}
    assert len(pool) == 16
    assert sum(bool(pool & members) for members in accounts.values()) >= 2


def test_addresses_are_documentation_addresses_in_canonical_form(small):
    """RFC 5737 and RFC 3849 only, written as `ipaddress` writes them."""
    addresses = {address for _, address in records(small) if address is not None}
    assert {text for text in addresses if str(ipaddress.ip_address(text)) != text} == set()
    assert {
        text for text in addresses if not any(ipaddress.ip_address(text) in network for network in DOCUMENTATION)
    } == set()
    assert len(addresses) > 100


def test_names_are_invented(small):
    """Domains end in .example; cloud account numbers start with six zeros, which no real one does."""
    assert all(row["email_domain"].endswith(".example") for row in small.directory.values())
    assert all(row["accountId"].startswith("000000") and len(row["accountId"]) == 12 for row in small.bedrock)


def test_benign_is_the_pool_scenario_without_its_pool(tmp_path):
    """The innocents' records are the same, byte for byte, so both scenarios measure the same population."""
    for name in ("pool", "benign"):
        simulate(name, tmp_path / name, seed=5, scale=0.1, days=2, formats=["generic_jsonl"])
    both = (tmp_path / "pool" / "logs" / "gateway" / "requests.jsonl").read_bytes().splitlines()
    innocent = (tmp_path / "benign" / "logs" / "gateway" / "requests.jsonl").read_bytes().splitlines()
    rest = set(both) - set(innocent)
    assert set(innocent) < set(both)
    assert len(rest) == len(both) - len(innocent)
    assert b"pool-1" in (tmp_path / "pool" / "labels.csv").read_bytes()
    assert b"pool-1" not in (tmp_path / "benign" / "labels.csv").read_bytes()


def test_scale_multiplies_accounts(tmp_path):
    """Twice the scale, about twice the accounts of each of the large groups."""
    counts = [
        simulate("pool", tmp_path / str(scale), seed=3, scale=scale, days=1, formats=["generic_csv"]).accounts_by_role
        for scale in (0.25, 0.5)
    ]
    assert counts[1]["pool"] == 2 * counts[0]["pool"]
    assert 1.6 < counts[1]["individual"] / counts[0]["individual"] < 2.4


@pytest.mark.parametrize("compression", ["gz", "zst"])
def test_compression_changes_the_container_and_nothing_else(tmp_path, compression, reader):
    """Decompressed bytes equal those of the plain file."""
    plain, packed = (tmp_path / name for name in ("plain", "packed"))
    simulate("benign", plain, seed=2, scale=0.05, days=1, formats=["generic_jsonl"])
    simulate("benign", packed, seed=2, scale=0.05, days=1, formats=["generic_jsonl"], compression=compression)
    path = packed / "logs" / "gateway" / f"requests.jsonl.{compression}"
    assert reader.read_bytes(path) == (plain / "logs" / "gateway" / "requests.jsonl").read_bytes()


def test_compressed_headers_carry_neither_name_nor_time(tmp_path):
    """A gzip header holds flags (byte 3) and a time (bytes 4 to 7): both are zero."""
    with LogFile(tmp_path / "a.log", "gz") as file:
        file.write(b"x")
    assert file.path.read_bytes()[3:8] == bytes(5)


def test_an_earlier_simulation_is_replaced_only_by_force(tmp_path, reader):
    """Nothing is overwritten silently."""
    out = tmp_path / "out"
    simulate("benign", out, seed=2, scale=0.05, days=1, formats=["generic_csv"])
    before = hashlib.sha256(b"".join(reader.tree(out).values())).hexdigest()
    with pytest.raises(UsageError, match="holds a simulation already"):
        simulate("benign", out, seed=3, scale=0.05, days=1, formats=["generic_csv"])
    assert hashlib.sha256(b"".join(reader.tree(out).values())).hexdigest() == before
    simulate("benign", out, seed=3, scale=0.05, days=1, formats=["generic_jsonl"], force=True)
    assert reader.json_lines(out, "logs/gateway/requests.jsonl")
    assert not (out / "logs" / "gateway" / "requests.csv").exists()


def test_a_folder_with_other_content_is_never_replaced(tmp_path):
    """Not even by force."""
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(UsageError, match="something other than a simulation"):
        simulate("benign", tmp_path, seed=1, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"scenario": "nothing"}, "'nothing' is unknown"),
        ({"formats": ["nginx_combined", "morse"]}, "nginx_combined, morse"),
        ({"formats": []}, "one or more different ones"),
        ({"formats": ["generic_csv", "generic_csv"]}, "one or more different ones"),
        ({"scale": 0}, "above 0"),
        ({"scale": float("nan")}, "above 0"),
        ({"days": 0}, "at least 1"),
        ({"compression": "rar"}, "'rar'"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_written(tmp_path, arguments, words):
    """The message names the value and what was expected; the target stays absent."""
    with pytest.raises(UsageError, match=words):
        simulate(**({"scenario": "benign", "out": tmp_path / "out", "seed": 1} | arguments))
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_simulation_leaves_nothing_behind(tmp_path, monkeypatch):
    """The folder appears complete or not at all."""

    class Full:
        def __init__(self, *_):
            pass

        def write(self, *_):
            raise OSError(28, "No space left on device")

        def close(self):
            pass

    monkeypatch.setitem(WRITERS, "generic_csv", Full)
    with pytest.raises(OSError, match="No space"):
        simulate("benign", tmp_path / "out", seed=1, scale=0.05, days=1, formats=["generic_csv"])
    assert list(tmp_path.iterdir()) == []


def test_every_scenario_has_a_title_and_known_formats():
    """Scenarios are data; a name in them must exist."""
    for name, scenario in SCENARIOS.items():
        assert scenario.name == name
        assert scenario.title
        assert set(scenario.formats) <= WRITERS.keys()


def test_the_help_names_every_scenario():
    """Nobody has to guess one."""
    from distilforensics.cli.simulate import simulate as command

    named = command.help.partition(" pools of coordinated accounts:")[2].partition(".")[0]
    assert [name.strip() for name in named.split(",")] == list(SCENARIOS)
