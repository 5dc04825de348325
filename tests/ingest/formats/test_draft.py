"""A drafted mapping file is valid whatever the fields are called, guesses by name and value, and shows no secret and no long text."""

from __future__ import annotations

import tomllib
import unicodedata
from datetime import datetime

import pytest

from distilforensics.ingest.catalogue.aliases import NAMES, TARGETS, target_of
from distilforensics.ingest.formats import FieldMapping, Options, Sample, draft_mapping, read_mapping
from distilforensics.ingest.recognition.leaves import MAX_LEAVES, leaves_of
from distilforensics.ingest.recognition.suggestion import suggest_mapping

KIBANA = {
    "@seen": "Mar 2, 2026 @ 00:00:08.101", "asker.id": "acme-7", "engine.label": "gpt-4o-mini", "tok.in": "1,024", "tok.out": "56",
    "asker.addr": "192.0.2.7", "http.ua": "python-requests/2.31.0", "wrote": "Tell me of cats, please", "reply": "A cat walks in",
}  # fmt: skip
NESTED = {
    "ev": {"ts_end": 1772409608101, "took_ms": 900}, "who": {"login": "anna", "cred": "k-1"}, "llm": {"label": "claude-sonnet-4"},
    "usage": {"tok_in": 100, "tok_out": 20}, "extra": '{"thread": "t-1", "ask": "How are you today"}', "sort": "call",
}  # fmt: skip


def draft(*records, needs=None):
    return draft_mapping(Sample("x.jsonl", list(records)), needs)


def columns(*records):
    return tomllib.loads(draft(*records))["columns"]


def test_foreign_names_are_told_by_their_words_and_values():
    """Dates, groups of digits, programs, models and addresses are told from what they look like."""
    assert {
        "started_at": "@seen", "account_id": "asker.id", "model_requested": "engine.label", "input_tokens": "tok.in", "output_tokens": "tok.out",
        "client_ip": "asker.addr", "user_agent": "http.ua", "prompt_text": "wrote", "response_text": "reply",
    } == columns(KIBANA)  # fmt: skip
    drafted = tomllib.loads(draft(KIBANA))
    assert drafted["time"]["format"] == "%b %d, %Y @ %H:%M:%S.%f"
    assert drafted["numbers"]["thousands"] == ","


def test_places_inside_of_objects_and_of_text_are_found():
    """The only time is that of the end, and says so."""
    found = columns(NESTED)
    expected = {
        "started_at": "$.ev.ts_end", "latency_ms": "$.ev.took_ms", "account_id": "$.who.login", "api_key_id": "$.who.cred",
        "input_tokens": "$.usage.tok_in", "session_id": "extra -> $.thread", "prompt_text": "extra -> $.ask",
    }  # fmt: skip
    assert expected == {target: found[target] for target in expected}
    assert tomllib.loads(draft(NESTED))["time"]["is_end"] is True


def test_a_draft_is_read_back_and_reads_the_records(project, tmp_path):
    """Without an edit."""
    path = tmp_path / "m.toml"
    path.write_text(draft(NESTED), encoding="utf-8")
    row = project("generic", [NESTED], Options(mapping=read_mapping(path)))[0]

    assert datetime(2026, 3, 2, 0, 0, 7, 201_000) == row["started_at"]
    assert ("anna", 100, "t-1") == (row["account_id"], row["input_tokens"], row["session_id"])


def test_hostile_names_are_quoted(tmp_path):
    """And stand in comments that no line end leaves."""
    hostile = 'we"ird\n# [columns]\x7f'
    path = tmp_path / "m.toml"
    path.write_text(draft(KIBANA | {hostile: 'x\n[columns]\ny = "z"', "$.a": {hostile: 1}}), encoding="utf-8")

    assert read_mapping(path).columns["started_at"] == "@seen"


def test_two_places_that_fit_equally_well_are_left_to_the_examiner():
    """They stand as comments; taking one away makes the file valid."""
    text = draft(KIBANA | {"asker.addr2": "192.0.2.9"})

    assert "client_ip" not in tomllib.loads(text)["columns"]
    assert (
        "client_ip" in tomllib.loads(text.replace('# client_ip = "asker.addr"', 'client_ip = "asker.addr"'))["columns"]
    )


def test_secrets_and_long_texts_are_shortened():
    """A draft may be shown to somebody."""
    secret = "sk-abcdefghijklmnop1234"
    text = draft(KIBANA | {"wrote": f"my key is {secret} and " + "word " * 90, "access_key": "AbCdEf123456"})

    assert secret not in text
    assert "AbCdEf123456" not in text
    assert "word word word word word word word" not in text


def test_what_a_missing_column_costs_is_said():
    """By the columns that tests need; either of two is enough."""
    needs = {"a": ["started_at", "session_id"], "b": ["prompt_text|prompt_sha256"], "c": ["session_id|tools_sha256"]}
    text = draft(KIBANA, needs=needs)

    assert "2 of 3 tests cannot be run" in text
    assert "#   session_id: 1: a" in text


def test_a_key_stands_for_the_account_where_no_other_field_does():
    """Without an account no test could judge a record, and the draft would say nothing of it."""
    record = {"when": 1772409608101, "tenant": {"key_hint": "k-7"}, "req": {"mdl": "claude-sonnet-4"}}
    needs = {"a": ["account_id"], "b": ["messages_json", "tools_sha256"]}

    found = columns(record)
    lost = draft(record, needs=needs).partition("Without these columns 1 of 2 tests")[2]

    assert "$.tenant.key_hint" == found["api_key_id"] == found["account_id"]
    assert ("messages: 1: b" in lost, "tools: 1: b" in lost, "account_id" in lost) == (True, True, False)


def test_words_for_no_value_are_found():
    """Those among numbers that are none."""
    rows = [KIBANA, KIBANA | {"tok.out": "(leer)"}, KIBANA]
    assert ["(leer)"] == tomllib.loads(draft(*rows))["values"]["null"]


def test_records_with_data_as_keys_are_bounded():
    """However many keys there are."""
    assert len(leaves_of([{str(number): {"x": number} for number in range(5000)}])) == MAX_LEAVES


@pytest.mark.parametrize("unit", ["s", "ms"])
def test_relative_times_count_from_an_instant(unit, project, tmp_path):
    """In the unit of the file."""
    path = tmp_path / "m.toml"
    path.write_text(f'[columns]\nstarted_at = "t"\n[time]\nunit = "{unit}"\nrelative_to = 2026-03-01T01:00:00+01:00\n')
    factor = {"s": 1, "ms": 1000}[unit]
    rows = project("generic", [{"t": 90.5 * factor}, {"t": "1e300"}, {"t": "x"}], Options(mapping=read_mapping(path)))

    assert datetime(2026, 3, 1, 0, 1, 30, 500_000) == rows[0]["started_at"]
    assert [None, None] == [row["started_at"] for row in rows[1:]]


def test_a_mapping_is_used_where_its_fields_are():
    """Cells may be empty; another file is another file."""
    mapping = FieldMapping({"started_at": "when", "account_id": "$.who.id", "output_tokens": "many"})

    assert mapping.fits([{"when": 1, "who": {"id": "a"}}, {"when": 2, "many": 3}])
    assert ["when"] == mapping.lacks([{"time": 1, "who": {"id": "a"}, "many": 3}])
    assert ["$.who.id", "many"] == mapping.lacks([{"when": 1, "who": "a"}])
    assert not FieldMapping({"started_at": "when"}, required=("kind",)).fits([{"when": 1}])


HEADINGS = {
    "German": ("Zeitstempel", "Benutzer-ID", "Modell", "Eingabe-Tokens", "Ausgabe-Tokens", "IP-Adresse", "Anfrage", "Antwort", "Status-Code"),
    "French": ("Horodatage", "Utilisateur", "Modèle", "Jetons d'entrée", "Jetons de sortie", "Adresse IP", "Requête", "Réponse", "Code de statut"),
    "Spanish": ("Fecha y hora", "Usuario", "Modelo", "Tokens de entrada", "Tokens de salida", "Dirección IP", "Pregunta", "Respuesta", "Código de estado"),
    "Japanese": ("日時", "ユーザーID", "モデル", "入力トークン数", "出力トークン数", "IPアドレス", "プロンプト", "応答", "ステータスコード"),
}  # fmt: skip
TOLD = (
    "started_at",
    "account_id",
    "model_requested",
    "input_tokens",
    "output_tokens",
    "client_ip",
    "prompt_text",
    "response_text",
    "http_status",
)
VALUES = (
    "2026-03-02 00:00:08",
    "u-7",
    "gpt-4o-mini",
    141,
    56,
    "192.0.2.7",
    "why are cats quiet at night",
    "they hunt",
    200,
)


@pytest.mark.parametrize("headings", HEADINGS.values(), ids=HEADINGS)
def test_headings_of_other_languages_are_told(headings):
    """Whether an accent is one character or two, by the draft and by reading without a mapping."""
    for form in ("NFC", "NFD"):
        names = [unicodedata.normalize(form, heading) for heading in headings]
        record = dict(zip(names, VALUES, strict=True))
        expected = dict(zip(TOLD, names, strict=True))
        drafted = columns(record)
        assert expected == {target: drafted[target] for target in TOLD}
        assert expected.items() <= suggest_mapping(Sample("x.csv", [record])).columns.items()


def test_no_translated_heading_says_another_column_than_a_program_means():
    """`land` or `modelo` may be new; what programs call their columns stays what it is."""
    words = [(target, word) for target, names in NAMES["translated"].items() for word in names.split()]
    assert [] == [(target, word) for target, word in words if target_of(word) != target]
    assert set(NAMES["translated"]) <= TARGETS


def test_names_in_other_languages_are_guessed():
    """A person reads the draft, so that more is guessed than an ingest would."""
    chinese = [
        {
            "时间": f"2026-03-02 10:00:0{i}",
            "用户": f"u-{i % 3}",
            "模型": "qwen-max",
            "提示词": f"讲个故事{i}",
            "输入令牌": 100 + i,
            "输出令牌": 20,
        }
        for i in range(9)
    ]
    wanted = [("started_at", 0), ("account_id", 1), ("model_requested", 2), ("input_tokens", -2), ("output_tokens", -1)]

    columns = tomllib.loads(draft_mapping(Sample("x", chinese)))["columns"]
    names = list(chinese[0])
    assert {target: columns[target] for target, _ in wanted} == {target: names[i] for target, i in wanted}


def test_when_a_request_was_received_is_its_beginning():
    """Not the end, from which durations would be taken off."""
    records = [{"received": 1772446800000 + 1000 * i, "login": f"u-{i % 3}", "tok_in": 5} for i in range(9)]
    drafted = tomllib.loads(draft_mapping(Sample("x", records)))

    assert drafted["columns"]["started_at"] == "received"
    assert "is_end" not in drafted.get("time", {})
