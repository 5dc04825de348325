"""What `--json` prints has the documented shape, for every command that reads."""

import json

import click
import duckdb
import jsonschema
import pytest

from distilforensics.cli.diagnostics import run_cli
from distilforensics.cli.main import cli
from distilforensics.cli.shapes import printed, schema_of, schema_text

CHANGING = {
    "run", "export", "audit", "simulate", "selftest", "ingest", "features", "link", "scan", "assess", "report", "seal", "completion", "note", "case merge",
    "formats test", "heuristics lint",
}  # fmt: skip
"""Commands that make something, or print nothing where all is well."""


def commands(group=cli, path=()):
    """Yield the words of every command."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name))


@pytest.fixture(scope="module")
def arguments(sample_case, tmp_path_factory):
    """Arguments of a call of every reading command on the case of the pool."""
    case, folder = str(sample_case("pool")), tmp_path_factory.mktemp("shapes")
    secret, accusation, fingerprints = folder / "key", folder / "letter.csv", folder / "ours.json"
    secret.write_text("5f2b9c1d7e4a6083f1c2d3e4a5b6c7d8\n")
    rows = duckdb.execute(
        f"select coalesce(response_id, request_id), record_id, account_id from '{case}/data/exchanges/*.parquet'"
        f" join '{case}/findings/accounts.parquet' using (account_id) where request_id is not null and campaign_id is not null limit 3"
    ).fetchall()
    accusation.write_text("\n".join(["message_id", *(row[0] for row in rows), "msg_0000000NONE"]) + "\n")
    assert run_cli(["fingerprints", case, "--key-file", str(secret), "--out", str(fingerprints), "-q"]) == 0
    account = rows[0][2]
    calls, bill, billed = folder / "calls.jsonl", folder / "bill.csv", folder / "billed"
    calls.write_text(
        '{"timestamp":"2026-03-02T10:00:01Z","api_key_id":"key_1","model":"m-1","prompt_tokens":1,"completion_tokens":5}\n'
    )
    bill.write_text("day,api_key,model,requests\n2026-03-02,key_1,m-1,4\n")
    assert run_cli(["run", "-q", str(calls), "--reconcile", str(bill), "--case", str(billed)]) == 0
    return {
        "inspect": ["sample_logs/pool/logs/gateway", "sample_logs/pool/README.md"],
        "mapping": ["sample_logs/pool/labels.csv"],
        "plan": ["sample_logs/pool/logs/gateway"],
        "verify": [case],
        "diff": [case, str(sample_case("benign"))],
        "cite": [case, rows[0][1]],
        "sql": [case, "select * from accounts limit 3"],
        "respond": [case, "--accusation", str(accusation)],
        "fingerprints": [case, "--key-file", str(secret), "--out", str(folder / "again.json")],
        "match": [str(fingerprints), str(fingerprints)],
        "match with a case": [str(fingerprints), case, "--key-file", str(secret)],
        "evaluate": [case, "--labels", "sample_logs/pool/labels.csv"],
        "formats list": [],
        "formats show": ["nginx_combined"],
        "heuristics list": [],
        "heuristics show": ["K1"],
        "heuristics test": ["coordination.rotation"],
        "show": [case],
        "show health": [case, "health"],
        "show tests": [case, "tests"],
        "show reconcile": [str(billed), "reconcile"],
        "show campaign": [case, "campaign", "C-01"],
        "show account": [case, "account", account],
        "show heuristic": [case, "heuristic", "K1"],
        "show source": [case, "source", "accounts.csv"],
        "explain": [case, account],
        "compare": [case, rows[0][2], next(row[2] for row in rows if row[2] != account)],
    }


@pytest.mark.parametrize("words", sorted(printed()))
def test_real_output_has_the_documented_shape(words, arguments, capsys):
    """Validated strictly: no key more, none less."""
    about = printed()[words]
    verb = {"show": 1, "match": 1}.get(words.split()[0], len(words.split()))
    capsys.readouterr()
    assert run_cli([*words.split()[:verb], *arguments[words], "--json", "-q"]) in {0, 3, 5}
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert about.is_per_line or len(lines) == 1
    for line in lines:
        jsonschema.validate(json.loads(line), schema_of(words), jsonschema.Draft202012Validator)


def test_every_command_that_reads_has_a_shape():
    """A new command is documented or named as one that makes something."""
    described = {words.partition(" with ")[0] for words in printed()}
    described |= {words.split()[0] for words in described if words.startswith("show")}
    assert {words for words in commands() if words not in CHANGING} <= described


@pytest.mark.parametrize("words", sorted(printed()))
def test_schemas_are_schemas_and_refuse_what_is_not_so(words):
    """Valid by the meta-schema; a value of another kind is refused."""
    schema = json.loads(schema_text(words))
    jsonschema.Draft202012Validator.check_schema(schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([], schema)
