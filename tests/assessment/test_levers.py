"""What the examined can silence, and what that changes in the findings: nothing. The list is in docs/threats.md."""

import csv
import hashlib
import json
import shutil

import pytest

from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows
from distilforensics.cli.diagnostics import run_cli
from distilforensics.simulate import simulate

N_CONVERSING = 8
"""Honest accounts that keep their conversations: fewer than are needed to see by themselves that a log is whole."""

STAGES = ("features", "link", "scan", "assess")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A log with a pool in which hardly anybody converses, as records in order, its accounts directory, and the accounts of the pool."""
    folder = tmp_path_factory.mktemp("simulated")
    simulate("pool", folder, seed=1, formats=("litellm_spendlogs",), scale=0.2, days=2)
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        pool = {row["account_id"] for row in csv.DictReader(stream) if row["campaign_id"]}
    (path,) = (folder / "logs").glob("**/*.jsonl")
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    conversing = sorted({r["user"] for r in records if len(messages_of(r)) > 8} - pool)[:N_CONVERSING]
    for record in records:
        if record["user"] not in {*pool, *conversing} and messages_of(record):
            said = messages_of(record)
            said[:] = [message for message in said[:-1] if message["role"] == "system"] + said[-1:]
    return records, folder / "logs" / "accounts.csv", pool


def messages_of(record):
    """The messages of a call, to be changed in place."""
    return (record.get("proxy_server_request") or {}).get("messages") or []


@pytest.fixture(scope="module")
def examine(tmp_path_factory, log):
    """Read records into a case and run the stages up to the grades."""
    tmp_path = tmp_path_factory.mktemp("examined")

    def made(name, records):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(log[1], folder)
        (folder / "log.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
        case = ["--case", str(tmp_path / f"case-{name}"), "--threads", "1", "--quiet"]
        assert run_cli(["ingest", str(folder), *case]) == 0
        assert [0] * len(STAGES) == [run_cli([stage, *case]) for stage in STAGES]
        return open_case(tmp_path / f"case-{name}")

    return made


@pytest.fixture(scope="module")
def plain(log, examine):
    """The case of the log as it is."""
    return examine("plain", log[0])


def found(case, accounts=()):
    """Grades of campaigns, facts with whether they count, and every account (or those that are named) with campaign and grade."""
    facts = [(row["fact_id"], row["is_counted"]) for row in read_rows(case, "campaign_facts")]
    rows = [row for row in read_rows(case, "accounts") if not accounts or row["account_id"] in accounts]
    members = [(row["account_id"], row["campaign_id"], row["grade"]) for row in rows]
    return [row["grade"] for row in read_rows(case, "campaigns")], facts, members


def test_made_up_histories_silence_tests_of_order_and_change_no_finding(log, examine, plain):
    """All accounts of the pool write them, so that the log looks sampled: one test says so; campaign, members, facts and grade stay."""
    records, _, pool = log
    forged = json.loads(json.dumps(records))
    for number, record in enumerate(r for r in forged if r["user"] in pool and messages_of(r)):
        said = messages_of(record)
        said[-1:-1] = [
            {"role": role, "content": f"made up {number} {turn}"}
            for turn in range(3 + number % 7 * 3)
            for role in ("user", "assistant")
        ]
    blinded = examine("blinded", forged)

    def silenced(case):
        states = read_rows(case, "heuristic_states")
        return {row["heuristic_id"] for row in states if "seems to be a sample" in (row["reason"] or "")}

    assert (set(), 1) == (silenced(plain), len(silenced(blinded)))
    assert found(plain) == found(blinded)
    assert pool <= {account for account, campaign, _ in found(blinded)[2] if campaign}


def test_a_flood_of_groups_hides_no_campaign(log, examine, plain):
    """Forty accounts share three hundred texts, so that there are three hundred groups more: each is judged, and the pool is found as before."""
    records, _, pool = log
    pattern = next(
        record for record in records if record["user"] in pool and messages_of(record) and record["response"]
    )
    flood = []
    for number in range(300 * 22):
        record = json.loads(json.dumps(pattern))
        text = " ".join(hashlib.sha256(f"{number % 300} {word}".encode()).hexdigest()[:7] for word in range(25))
        messages_of(record)[:] = [{"role": "user", "content": f"{text} {number}"}]
        account = f"flood_{number // 300}"
        moment = f"2026-03-0{2 + number % 2}T{number % 22:02}:{number % 60:02}:{number * 7 % 60:02}.{number % 1000:03}Z"
        record |= {
            "request_id": f"flood-{number}",
            "user": account,
            "api_key": hashlib.sha256(account.encode()).hexdigest(),
        }
        record |= {"startTime": moment, "endTime": moment, "metadata": {}, "requester_ip_address": None}
        flood.append(record)
    flooded = examine("flooded", [*records, *flood])

    n_groups = [len({row["entity_id"] for row in read_rows(case, "observations")}) for case in (plain, flooded)]
    assert n_groups[1] >= n_groups[0] + 300
    assert found(plain, pool)[2] == found(flooded, pool)[2]
    assert found(plain)[0] == found(flooded)[0]
