"""Exports: each format is valid by its own standard, says what the case says, is the same each time, and holds nothing that acts."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import sys
from collections import Counter
from datetime import datetime

import jsonschema
import pytest
import stix2

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.tables import read_rows
from distilforensics.cli.diagnostics import run_cli
from distilforensics.cli.export import NAMES
from distilforensics.report.exports import FORMATS, export_case

LIMITS = Limits(600_000_000, 2)
TEXT_FORMATS = [name for name in NAMES if FORMATS[name].lines]


def exported(case, name):
    """Return the bytes of an export that can be streamed."""
    sink = io.BytesIO()
    export_case(case, name, LIMITS, sink)
    return sink.getvalue()


@pytest.fixture(scope="module")
def pool(sample):
    return sample("pool").case


@pytest.fixture(scope="module")
def requests(pool):
    """Requests of members, from the log itself."""
    members = {row["account_id"] for row in read_rows(pool, "accounts") if row["campaign_id"]}
    return {row["record_id"]: row for row in read_rows(pool, "exchanges") if row["account_id"] in members}


def test_the_command_names_the_formats_that_there_are():
    """Without importing them."""
    assert set(NAMES) == set(FORMATS)


def test_the_timeline_has_every_request_of_the_members_in_order(pool, requests):
    """As CSV and as JSON lines, with what Timesketch asks for."""
    lines = [json.loads(line) for line in exported(pool, "timesketch-jsonl").splitlines()]
    rows = list(csv.DictReader(io.StringIO(exported(pool, "timesketch-csv").decode(), newline="")))

    assert len(requests) == len(lines) == len(rows) == 2380
    assert {"message", "datetime", "timestamp_desc"} <= set(rows[0]) == set(lines[0])
    assert sorted(line["datetime"] for line in lines) == [line["datetime"] for line in lines]
    for line, row in zip(lines, rows, strict=True):
        request = requests[line["record_id"]]
        assert request["started_at"].replace(tzinfo=None) == datetime.fromisoformat(line["datetime"]).replace(
            tzinfo=None
        )
        assert (request["account_id"], request["output_tokens"]) == (line["account_id"], line["output_tokens"])
        assert {key: "" if value is None else str(value) for key, value in line.items() if key != "tag"} == {
            key: value for key, value in row.items() if key != "tag"
        }
    assert 1927 == sum("of the pattern" in line["tag"] for line in lines)


def test_the_bundle_is_stix(pool):
    """The library of the standard reads it strictly; accounts have the ids that it gives them; references lead inside."""
    text = exported(pool, "stix").decode()
    bundle = stix2.parse(text, allow_custom=False)
    kinds = Counter(item.type for item in bundle.objects)
    ids = {item.id for item in bundle.objects}
    members = {row["account_id"] for row in read_rows(pool, "accounts") if row["campaign_id"] == "C-01"}
    (observed,) = [item for item in bundle.objects if item.type == "observed-data"]
    (note,) = [item for item in bundle.objects if item.type == "note"]

    assert {"identity": 1, "campaign": 1, "user-account": 28, "observed-data": 1, "relationship": 1, "note": 1} == kinds
    assert {stix2.UserAccount(user_id=name).id for name in members} == set(observed.object_refs)
    assert set(re.findall(r'"([a-z-]+--[0-9a-f-]{36})"', text)) == {*ids, bundle.id}
    assert 1927 == observed.number_observed
    assert "34 of 43 failed calls" in note.content
    assert "Persons and intent: An account is an entry in a log." in note.content
    assert "confidence" not in text


def test_a_log_without_campaign_gives_a_bundle_without_accounts(sample):
    """And a timeline without events."""
    bundle = stix2.parse(exported(sample("benign").case, "stix").decode(), allow_custom=False)

    assert ["identity"] == [item.type for item in bundle.objects]
    assert b"" == exported(sample("benign").case, "timesketch-jsonl")


def test_the_case_graph_is_linked_and_complete(pool):
    """Every node that is named is there; every file with its hash; every account in its group. Its shapes are checked by tools/check_case.py."""
    graph = json.loads(exported(pool, "case"))
    nodes = {node["@id"]: node for node in graph["@graph"]}
    named = set(re.findall(r'\{"@id": "([^"]+)"\}', json.dumps(graph)))
    by_type = Counter(node["@type"] for node in graph["@graph"])
    (group,) = [node for node in nodes.values() if node["@type"] == "uco-core:Grouping"]
    hashes = set(re.findall(r'"xsd:hexBinary", "@value": "([0-9a-f]{64})"', json.dumps(graph)))

    assert len(nodes) == len(graph["@graph"])
    assert named <= set(nodes)
    assert all(node["@type"].partition(":")[0] in graph["@context"] for node in nodes.values())
    assert (28, 1, 1) == tuple(
        by_type[kind]
        for kind in ("uco-observable:ObservableObject", "uco-tool:Tool", "case-investigation:Investigation")
    )
    assert 28 == len(group["uco-core:object"])
    assert {row["source_sha256"] for row in read_rows(pool, "sources")} == hashes


def test_the_database_has_the_tables_of_the_report(pool, requests, tmp_path):
    """Campaigns, facts, accounts and every request of a member; the same bytes twice."""
    for name in ("a.db", "b.db"):
        export_case(pool, "sqlite", LIMITS, tmp_path / name)
    with sqlite3.connect(tmp_path / "a.db") as connection:
        ask = lambda text: connection.execute(text).fetchall()  # noqa: E731 - three words
        counts = {
            name: ask(f'select count(*) from "{name}"')[0][0]
            for (name,) in ask("select name from sqlite_master where type = 'table'")
        }
        campaign = ask("select campaign_id, n_accounts, n_requests, first_seen from campaigns")
        integrity = ask("pragma integrity_check")
    connection.close()

    assert {"about", "campaigns", "facts", "explanations", "accounts", "tests", "sources", "requests"} == set(counts)
    assert (len(requests), len(read_rows(pool, "accounts"))) == (counts["requests"], counts["accounts"])
    assert [("C-01", 28, 1927, "2026-03-02T00:00:08.000000Z")] == campaign
    assert [("ok",)] == integrity
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()


@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_an_export_is_the_same_each_time(pool, name):
    """Whatever the number of threads."""
    sink = io.BytesIO()
    export_case(pool, name, Limits(600_000_000, 1), sink)

    assert sink.getvalue() == exported(pool, name)


@pytest.mark.parametrize("name", ["pool", "benign", "metadata_only"])
def test_findings_follow_their_schema(sample, name):
    """The schema that is shipped lies beside them, is a schema, and holds; a wrong grade breaks it."""
    folder = sample(name).case.findings
    schema = json.loads((folder / "findings.schema.json").read_bytes())
    findings = json.loads((folder / "findings.json").read_bytes())

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(findings, schema)
    described = {*schema["properties"]}
    assert described == set(findings)
    assert (name == "benign") == (not findings["facts"])
    wrong = (
        findings | {"facts": [{**findings["facts"][0], "kind": "guess"}]}
        if findings["facts"]
        else findings | {"limits": None}
    )
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


@pytest.fixture(scope="module")
def hostile(render):
    """A case with payloads in every text: formulas, control and bidirectional characters, markup, long words."""
    log, payloads = (
        sys.modules["report_fixture_log"],
        (
            "=1+1",
            "@SUM(A1)",
            "\x1b[31m",
            "\u202eevil",
            "<script>alert(1)</script>",
            "'; drop table accounts;--",
            "\uff1d1",
        ),
    )

    def rewrite(row):
        payload = payloads[row["source_line"] % len(payloads)]
        return row | {
            key: f"{payload}{row[key]}"
            for key in ("user_agent", "model_served", "client_ip", "request_id")
            if row.get(key)
        }

    return render(log=log, rewrite=rewrite).case


@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_hostile_text_is_inert_in_text_formats(hostile, name):
    """No control or bidirectional character, no cell that begins as a formula, JSON that reads back."""
    content = exported(hostile, name)
    text = content.decode("ascii" if name != "timesketch-csv" else "utf-8")

    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", text)
    if name == "timesketch-csv":
        cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        assert "'=1+1" in " ".join(cells)
        assert [] == [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\uff1d")]
    else:
        assert [json.loads(line) for line in text.splitlines()] if name.endswith("jsonl") else json.loads(text)


def test_the_command_writes_a_file_once_and_streams_to_stdout(pool, tmp_path, capsysbinary):
    """An existing file stays unless --force is given; nothing half-written is left."""
    path = tmp_path / "bundle.json"

    assert 0 == run_cli(["export", "-q", str(pool.root), "stix", "-o", str(path)])
    assert path.read_bytes() == exported(pool, "stix")
    path.write_bytes(b"mine")
    assert 2 == run_cli(["export", "-q", str(pool.root), "stix", "-o", str(path)])
    assert b"mine" == path.read_bytes()
    assert 0 == run_cli(["export", "-q", str(pool.root), "stix", "-o", str(path), "--force"])
    assert 2 == run_cli(["export", "-q", str(pool.root), "sqlite"])
    assert [path] == list(tmp_path.iterdir())
    capsysbinary.readouterr()
    assert 0 == run_cli(["export", "-q", str(pool.root), "case"])
    assert exported(pool, "case") == capsysbinary.readouterr().out
