"""Real prompts from a folder: read by kind and family, dealt without repetition, named in the description, never needed."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distilforensics.core.errors import UsageError
from distilforensics.simulate import simulate
from distilforensics.simulate.corpus import BULK, HARVESTED, HUMAN, Deck, read_corpus

KINDS = {"harvest_a": HARVESTED, "harvest_b": HARVESTED, "people": HUMAN, "bulk_translate": BULK}


@pytest.fixture
def folder(tmp_path):
    """A folder with one file per family and one file of something else."""
    place = tmp_path / "prompts"
    place.mkdir()
    for family, kind in KINDS.items():
        rows = [
            {
                "family": family,
                "kind": kind,
                "prompt": f"{family} asks {number}",
                "response": f"{family} {number}" if number % 2 else None,
            }
            for number in range(2000)
        ]
        pq.write_table(pa.Table.from_pylist(rows), place / f"{family}.parquet")
    pq.write_table(pa.table({"t_seconds": [1.0]}), place / "trace.parquet")
    return place


def test_texts_come_by_kind_and_family(folder):
    """Files without the columns are passed over; a limit to families holds."""
    corpus = read_corpus(folder)
    assert corpus.family_names(HARVESTED) == ["harvest_a", "harvest_b"]
    assert len(corpus.texts(HARVESTED)) == 4000
    assert len(corpus.texts(HARVESTED, ["harvest_b"])) == 2000
    assert len(corpus.digests) == 4
    assert read_corpus(folder, ["people"]).family_names(HARVESTED) == []


def test_overlong_prompts_are_left_out_and_answers_cut(tmp_path):
    """A log stays small."""
    rows = [{"family": "f", "kind": HUMAN, "prompt": "x" * length, "response": "y" * 9000} for length in (10, 9000)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "f.parquet")
    [(prompt, response)] = read_corpus(tmp_path).texts(HUMAN)
    assert len(prompt) == 10
    assert response is not None
    assert len(response) < 3000


def test_a_deck_repeats_nothing_before_its_end():
    """Hands become shorter and empty; single texts begin again."""
    deck = Deck([(str(number), None) for number in range(10)], "name")
    hands = [deck.hand(4) for _ in range(4)]
    assert [len(hand) for hand in hands] == [4, 4, 2, 0]
    assert len({text for hand in hands for text in hand}) == 10
    assert deck.deal() in hands[0]
    assert not Deck((), "empty")


def test_a_simulation_takes_real_texts_where_there_are_some(folder, tmp_path, reader):
    """Pools take harvested prompts, people human ones, batches their own; strangers and relays never ask the same."""
    simulate("relay", tmp_path / "out", seed=2, scale=0.1, texts=folder, formats=["generic_jsonl"])
    rows = reader.json_lines(tmp_path / "out", "logs/gateway/requests.jsonl")
    roles = {row["account_id"]: row["role"] for row in reader.csv_rows(tmp_path / "out" / "labels.csv")}
    asked = {
        is_pool: {
            row["prompt"]
            for row in rows
            if (roles[row["account_id"]] == "pool") == is_pool and row["prompt"].startswith("people asks")
        }
        for is_pool in (True, False)
    }
    translated = [row for row in rows if roles[row["account_id"]] == "translation_batch"]
    description = json.loads((tmp_path / "out" / "scenario.json").read_text())
    assert min(map(len, asked.values())) > 10
    assert not asked[True] & asked[False]
    assert all(row["prompt"].startswith("bulk_translate asks") for row in translated)
    assert [entry["file"] for entry in description["texts"]] == [f"{family}.parquet" for family in sorted(KINDS)]


def test_the_later_pool_of_a_campaign_goes_on_with_the_list(folder, tmp_path, reader):
    """What the first pool asked is not asked again by the second one."""
    simulate("pivot", tmp_path / "out", seed=2, scale=0.2, texts=folder, formats=["generic_jsonl"])
    rows = reader.json_lines(tmp_path / "out", "logs/gateway/requests.jsonl")
    roles = {row["account_id"]: row["role"] for row in reader.csv_rows(tmp_path / "out" / "labels.csv")}
    tasks = {"first": set(), "second": set()}
    for row in rows:
        if roles[row["account_id"]] == "pool" and "harvest_" in row["prompt"]:
            task = row["prompt"][row["prompt"].index("harvest_") :].split("\n")[0]
            tasks["first" if row["timestamp"] < "2026-03-05" else "second"].add(task)
    assert min(map(len, tasks.values())) > 100
    assert not tasks["first"] & tasks["second"]


@pytest.mark.parametrize(
    ("families", "words"), [(["nobody"], "no text of the family 'nobody'"), (None, "no Parquet file with the columns")]
)
def test_a_folder_without_what_is_asked_for_is_refused(folder, tmp_path, families, words):
    """Before anything is written."""
    with pytest.raises(UsageError, match=words):
        simulate("benign", tmp_path / "out", seed=1, texts=folder if families else tmp_path, families=families)
    assert not (tmp_path / "out").exists()


def test_families_without_a_folder_are_refused(tmp_path):
    """There would be nothing to take them from."""
    with pytest.raises(UsageError, match="need a folder"):
        simulate("benign", tmp_path / "out", seed=1, families=["people"])


def test_rates_of_real_clients_become_the_course_of_programs(folder, tmp_path):
    """Hour by hour, for clients that are busy and were watched for days; others are left out."""
    hours = range(120)
    rows = [
        {"client_id": client, "t_seconds": hour * 3600.0 + part, "rate_rps": rate(hour)}
        for client, rate in (("busy", lambda hour: 1.0 + hour % 24), ("rare", lambda hour: float(hour == 3)))
        for hour in hours
        for part in (0.0, 1800.0)
    ]
    rows += [{"client_id": "short", "t_seconds": hour * 3600.0, "rate_rps": 1.0} for hour in range(20)]
    pq.write_table(pa.Table.from_pylist(rows), folder / "rates.parquet")
    [course] = read_corpus(folder).courses
    assert course == tuple(2.0 * (1 + hour % 24) for hour in hours)
    simulate("benign", tmp_path / "out", seed=1, scale=0.05, days=1, texts=folder, formats=["generic_csv"])
    description = json.loads((tmp_path / "out" / "scenario.json").read_text())
    assert "rates.parquet" in [entry["file"] for entry in description["texts"]]
