"""Answers to accusations: against known truth, for the guilty and for the innocent."""

import csv
import json
from pathlib import Path

import duckdb
import pytest

from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.core.errors import UsageError
from distilforensics.pipeline.response.accusation import read_accusation


@pytest.fixture(scope="module")
def pool(sample_case):
    """The case of the pool, and its calls by whether the truth counts their account to the pool: id, model, time, account."""
    case = sample_case("pool")
    labels = Path(__file__).parents[2] / "sample_logs" / "pool" / "labels.csv"
    rows = csv.DictReader(labels.read_text(encoding="utf-8").splitlines())
    guilty = {row["account_id"] for row in rows if row["campaign_id"]}
    rows = duckdb.execute(
        f"""select coalesce(response_id, request_id), coalesce(model_served, model_requested), started_at, account_id from '{case}/data/exchanges/*.parquet'
        where coalesce(response_id, request_id) is not null and account_id is not null order by md5(record_id)"""
    ).fetchall()
    return case, [row for row in rows if row[3] in guilty], [row for row in rows if row[3] not in guilty]


def item(row, **changed):
    """One item of a review as the provider's machines state it."""
    stated = {
        "id": row[0],
        "created_at": f"{row[2].isoformat()}Z",
        "actor": {"type": "api_actor"},
        "details": {"model": row[1], "content": {}},
    }
    return stated | changed


def answer(case, accusation, tmp_path, capsys, *options):
    """Return message to verdict, and everything."""
    path = tmp_path / "accusation.json"
    path.write_text(json.dumps(accusation))
    capsys.readouterr()
    assert run_cli(["respond", str(case), "--accusation", str(path), "--json", *options]) == ExitCode.COMPLETE
    told = json.loads(capsys.readouterr().out)
    return {verdict["message_id"]: verdict for verdict in told["verdicts"]}, told


def test_guilty_and_innocent_calls_get_the_answers_of_the_truth(pool, tmp_path, capsys):
    """Twenty of each, five invented ids, one stated with another model, one for a time that the logs do not cover."""
    case, guilty, innocent = pool
    invented = [item(("msg_01INVENTED" + str(i), guilty[0][1], guilty[i][2])) for i in range(5)]
    wrong = item(
        guilty[30], details={"model": "another-model", "content": {"request": "something that was never asked"}}
    )
    late = item(("msg_01LATE0001", None, guilty[0][2])) | {"created_at": "2027-01-01T00:00:00Z"}
    items = [*map(item, guilty[:20]), *map(item, innocent[:20]), *invented, wrong, late]
    accusation = {
        "data": [
            {
                "id": "rvc_01",
                "policy_categories": ["reasoning_extraction"],
                "transcripts": [{"item_id": row["id"]} for row in items],
            },
            *items,
        ]
    }
    verdicts, told = answer(case, accusation, tmp_path, capsys, "--out", str(tmp_path / "draft.md"))

    assert told["accusation"]["case_ids"] == ["rvc_01"]
    assert told["accusation"]["policy_categories"] == ["reasoning_extraction"]
    assert {verdicts[row[0]]["draft"] for row in guilty[:20]} == {"consistent with the accusation"}
    assert {verdicts[row[0]]["found"] for row in [*guilty[:20], *innocent[:20]]} == {"found as stated"}
    assert {verdicts[row[0]]["draft"] for row in innocent[:20]} == {"no sign of it in these logs"}
    assert {verdicts[row["id"]]["draft"] for row in invented} == {"not a call of these logs"}
    assert verdicts[wrong["id"]]["found"] == "found, and differs from what is stated"
    assert "model: stated another-model" in verdicts[wrong["id"]]["differences"][0]
    assert verdicts[late["id"]]["draft"] == "cannot be told from these logs"
    # The rest of the pool is found from the twenty messages, and an account's own traffic is said.
    named = {call["account_id"] for verdict in told["verdicts"] for call in verdict["calls"]}
    pool_accounts = {row[3] for row in guilty}
    assert pool_accounts <= named | {row["account_id"] for row in told["linked_accounts"]}
    assert any("other traffic" in text for account in told["accounts"] for text in account["for_the_accused"])
    draft = (tmp_path / "draft.md").read_text()
    assert all(verdict["message_id"].replace("_", "\\_") in draft for verdict in told["verdicts"])


def test_every_cited_row_can_be_printed_from_the_evidence(pool, tmp_path, capsys):
    """The record holds the id."""
    case, guilty, _ = pool
    verdicts, _ = answer(case, [item(guilty[0])], tmp_path, capsys)
    (call,) = verdicts[guilty[0][0]]["calls"]
    assert run_cli(["cite", str(case), call["record_id"]]) == 0
    assert guilty[0][0] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (
            "Dear all,\nthe messages msg_01ABCDEFGH2 and msg_01ABCDEFGH3 (model x-large) breach our well-known terms.",
            ["msg_01ABCDEFGH2", "msg_01ABCDEFGH3"],
        ),
        ("message_id,model\nmsg_1,m\n\nmsg_2,m\n", ["msg_1", "msg_2"]),
        ("123e4567-e89b-12d3-a456-426614174000\n", ["123e4567-e89b-12d3-a456-426614174000"]),
        ('{"item_id": "a1"}\n{"item_id": "a2"}\n', ["a1", "a2"]),
        ('{"verdicts": [{"item_id": "a1"}, {"item_id": "a1"}]}', ["a1"]),
    ],
)
def test_ids_are_read_from_letters_lists_and_json(text, ids, tmp_path):
    """Each once, in order."""
    path = tmp_path / "accusation"
    path.write_text(text)
    assert [message.message_id for message in read_accusation(path).messages] == ids


@pytest.mark.parametrize("content", [b"", b"no id in here", b"\x00\xff" * 99, b"[[" * 100_000, b'{"id": "rvc_1"}'])
def test_a_file_without_ids_is_refused(content, tmp_path):
    """With what was expected."""
    path = tmp_path / "accusation"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="names no message"):
        read_accusation(path)


def test_hostile_text_of_an_accusation_is_inert(pool, tmp_path, capsys):
    """Terminal and draft."""
    case, _, _ = pool
    path = tmp_path / "accusation.json"
    path.write_text(
        json.dumps([{"item_id": "\x1b[2J|<script>alert(1)</script>`x`", "policy_categories": ["\x1b]0;x"]}])
    )
    assert run_cli(["respond", str(case), "--accusation", str(path), "--out", str(tmp_path / "draft.md")]) == 0
    told = capsys.readouterr()
    draft = (tmp_path / "draft.md").read_text()
    assert "\x1b" not in told.out + told.err + draft
    assert "<script>" not in draft.replace("\\<script\\>", "")
