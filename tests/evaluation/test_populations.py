"""The independent populations: every kind gives accounts with labels, and chance depends on the seed and the kind alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "populations" / "generate.py"
CAMPAIGNS = {
    "slow", "chameleon", "passed_conversations", "station", "graders", "small_pools", "replaced", "queue", "sharded", "rented_keys",
    "two_providers", "aged_accounts", "played_users", "trial_chain", "agent_tree",
}  # fmt: skip


def generate(out: Path, *kinds: str, options: tuple[str, ...] = ()) -> Path:
    """Write a small log."""
    arguments = (*kinds, "--seed", "3", "--days", "7", "--scale", "0.03", *options, "--out", str(out))
    subprocess.run([sys.executable, str(PROGRAM), *arguments], check=True, capture_output=True)
    return out


def listed_kinds() -> list[str]:
    """Return the names of all kinds."""
    text = subprocess.run([sys.executable, str(PROGRAM)], check=True, capture_output=True, text=True).stdout
    return [line.split()[0] for line in text.split("\n\n")[0].splitlines()[1:]]


def rows(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for path in sorted(log.glob("logs/*.jsonl")) for line in path.read_bytes().splitlines()]


def test_every_kind_gives_accounts_with_its_label(tmp_path: Path) -> None:
    """Labels name every account that calls, its kind and its campaign."""
    kinds = [kind for kind in listed_kinds() if kind not in ("mixed", "no_text")]
    assert len(kinds) > 30
    log = generate(tmp_path, *(f"{kind}:{2 if kind == 'small_pools' else 8}" for kind in kinds))
    labels = pl.read_parquet(log / "labels.parquet")
    counts = dict(labels.group_by("persona").len().iter_rows())
    assert all(counts.get(kind, 0) >= 4 for kind in kinds), counts
    assert set(labels.filter(pl.col("truth") == "campaign")["persona"]) == CAMPAIGNS
    assert labels.filter((pl.col("truth") == "campaign") == pl.col("campaign_id").is_null()).is_empty()
    calls = rows(log)
    assert labels["requests"].sum() == len(calls)
    assert {row["account_id"] for row in calls} == set(labels["account_id"])


def test_same_seed_same_bytes_and_other_kinds_change_nothing(tmp_path: Path) -> None:
    """Every kind has random numbers of its own."""
    alone, again = (generate(tmp_path / name, "vpn:9") for name in ("a", "b"))
    for path in alone.rglob("*.*"):
        assert path.read_bytes() == (again / path.relative_to(alone)).read_bytes()
    crowded = {json.dumps(row) for row in rows(generate(tmp_path / "c", "queue:9", "vpn:9"))}
    assert {json.dumps(row) for row in rows(alone)} < crowded


@pytest.mark.parametrize("kinds", [("mixed:9",), ("no_text:9",)])
def test_spend_rows_name_the_accounts_of_the_labels(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    """Keys are aliases; texts are there unless the kind leaves them out."""
    log = generate(tmp_path, *kinds, options=("--format", "litellm_spend"))
    calls = rows(log)
    assert {row["api_key"] for row in calls} <= set(pl.read_parquet(log / "aliases.parquet")["alias"])
    assert any(row["proxy_server_request"] for row in calls) == (kinds[0] != "no_text:9")
    assert not (log / "logs" / "accounts.csv").exists()


def test_columns_of_identity_are_left_out_of_records_and_directory(tmp_path: Path) -> None:
    """Nobody's payer and network are known then; everything else stays."""
    log = generate(tmp_path, "franchise:9", options=("--without", "payment", "network"))
    directory = pl.read_csv(log / "logs" / "accounts.csv")
    assert "tenant_id" in directory.columns
    assert not {"payment_fingerprint", "billing_country"} & {*directory.columns}
    assert all("user_agent" in row and "client_ip" not in row for row in rows(log))
