"""The validation: one small log from its generator to counts, the attacker's choices, and the document that is made of such counts."""

import importlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    """The scripts as modules."""
    for folder in (BENCHMARKS / "populations", BENCHMARKS):
        monkeypatch.syspath_prepend(str(folder))
    names = {"validation": "validation", "document": "validation_document", "attacker": "attacker"}
    return SimpleNamespace(**{name: importlib.import_module(module) for name, module in names.items()})


def result(name="queue", *, found=70, accused=0, source="populations", facts=None, seed=501, without=None, **other):
    """Return a result of 70 accounts of a campaign and 500 students, of which some are in one group with it."""
    counts = {grade: {"queue*": found, "students": accused} for grade in ("weak", "moderate", "strong")}
    counts |= {"all": {"queue*": 70, "students": 500}, "operator": {"queue*": 70 - found, "students": 7}}
    group = {
        "id": "C-01",
        "grade": "strong" if found or accused else "one operator",
        "personas": {"queue*": found or 70} | ({"students": accused} if accused else {}),
        "facts": {"handover": 50.0, "payment": 20.0} if facts is None else facts,
        "explanations": [] if found or accused else ["operator.one_egress"],
        "without": {"handover": "weak", "payment": "moderate"} if without is None else without,
    }
    cost = {"tasks": 200, "answered": 190, "calls": 380, "cards": 12, "addresses": 3}
    return {
        "source": source,
        "name": name,
        "seed": seed,
        "log_seed": 77,
        "has_real_texts": False,
        "scale": 0.5,
        "code": "c0de",
        "counts": counts,
        "known": {"c-1": [found, 70]},
        "groups": [group],
        "cost": cost,
    } | other


def rows(document, title, section="# Validation"):
    """Return the cells of the rows of a section whose first cell is `title`."""
    text = document.split(section)[1].split("\n## ")[0] if section != "# Validation" else document
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return [row for row in cells if row[0] == title]


def test_a_run_counts_accounts_by_kind_and_grade_and_leaves_nothing_behind(benchmark, tmp_path):
    """A small pool, from its generator to counts that agree with the labels."""
    task = benchmark.validation.Task(
        "attacker", benchmark.attacker.name_of(benchmark.attacker.BEGIN), 3, False, 0.06, "c0de"
    )
    places = benchmark.validation.Places(None, None, tmp_path, 500_000_000)
    found = benchmark.validation.run(task, places)
    assert "error" not in found, found["error"]
    counts = found["counts"]
    (n_found, n_known), *others = found["known"].values()
    assert (others, n_known) == ([], counts["all"]["queue*"])
    assert counts["strong"]["queue*"] <= n_found == counts["moderate"]["queue*"]
    listed = sum(group["personas"].get("queue*", 0) for group in found["groups"])
    assert listed == n_found + counts["operator"]["queue*"] > 20
    assert all(set(group["facts"]) <= {*benchmark.validation.FACTS, "frame", "mail"} for group in found["groups"])
    assert set(found["ties"]) == {"handover", "conversation", "answer"}
    assert all(n_distinct <= n <= chances for n_distinct, n, chances in found["ties"].values())
    assert 0 < found["cost"]["answered"] <= found["cost"]["tasks"] < found["cost"]["calls"]
    assert json.loads(json.dumps(found))["seed"] == 3
    assert benchmark.validation.accused(found) or list(tmp_path.iterdir()) == []


def test_a_run_that_fails_is_a_result_with_an_error(benchmark, tmp_path):
    """A measurement of an hour does not end with it, and the document says so."""
    task = benchmark.validation.Task("populations", "no_such", 1, False, 1.0, "c0de")
    failed = benchmark.validation.run(task, benchmark.validation.Places(None, None, tmp_path, 500_000_000))
    assert "unknown kind no_such" in failed["error"]
    assert "1 logs were examined; 1 could not be" in benchmark.document.document([failed, result()])


def test_each_rated_log_has_innocents_of_its_own_and_the_attacker_changes_nothing_but_the_pool(benchmark):
    """No innocent is counted in two logs."""

    def seed(source, name):
        return benchmark.validation.Task(source, name, 501, False, 1.0, "c0de").log_seed

    rated = [seed(source, name) for source in benchmark.document.SOURCES for name in ("slow", "queue")]
    assert len(set(rated)) == len(rated)
    assert {seed(source, name) for source in ("attacker", "power") for name in ("slow", "queue")} == {501}


def test_what_failed_stands_first(benchmark):
    """Innocents accused, campaigns missed, innocents by kind; what went well is in none of them."""
    document = benchmark.document.document([result(accused=3), result("slow", found=0), result("graders")])
    failures = document.split("\n## ")[1]
    assert failures.startswith("Failures")
    assert rows(failures, "populations: queue")[0][2:] == [
        "strong",
        "3 students",
        "70 queue",
        "handover (50), payment (20)",
    ]
    assert rows(failures, "populations: slow")[0][2:] == ["c-1 0 of 70", "70 queue", "one_egress"]
    assert not rows(failures, "populations: graders")
    (students,) = rows(failures, "populations")
    assert students[1:3] == ["students", "3"]
    assert students[3].startswith("3 of 1,500 = 0.2 %")
    assert students[4:] == ["0", "21"]


def test_rates_are_per_log_per_group_and_per_account_and_never_certain(benchmark):
    """Zero of some is an upper bound, all of some a lower one."""
    (row,) = rows(benchmark.document.document([result(), result("slow", accused=3)]), "populations", "## Rates")
    assert row[1].startswith("1 of 2 = 50 %")
    assert row[3].startswith("1 of 2 = 50 %")
    assert row[4].startswith("3 of 1,000 = 0.3 % (")
    assert row[7].startswith("140 of 140 (at least")


def test_logs_that_vary_one_thing_are_in_no_rate(benchmark):
    """They are no sample; an innocent that they accuse is shown all the same."""
    document = benchmark.document.document([result(), result(source="power", name="queue:8:retry=now", accused=5)])
    assert rows(document, "all")[0][4].startswith("0 of 500 (at most")
    assert "5 students" in document.split("\n## ")[1]


def test_the_ablation_counts_what_is_still_accused(benchmark):
    """Groups below moderate are not in it."""
    document = benchmark.document.document([result(), result("slow", found=0, without={})])
    section = "## Without one fact"
    assert rows(document, "nothing", section)[0][1:] == ["1 of 1", "70", "0"]
    assert rows(document, "handover", section)[0][1:] == ["0 of 1", "0", "0"]
    assert rows(document, "payment", section)[0][1:] == ["1 of 1", "70", "0"]


def test_the_attacker_takes_what_hides_most_and_stops_when_nobody_is_listed(benchmark):
    """He needs the log of the beginning, then one of each change, then is done: a client per account hides him."""
    attacker, known = benchmark.attacker, []
    for n_logs in (1, len(attacker.CHANGES)):
        steps, missing = attacker.next_attack(known, 501)
        assert (len(steps), len(missing)) == (int(bool(known)), n_logs)
        known += [
            result(name, source="attacker", found=40 if "clients=own" in name else 60) | {"counts": counts(name)}
            for name in missing
        ]
    steps, missing = attacker.next_attack(known, 501)
    assert [step.change for step in steps] == [None, ("clients", "own")]
    assert missing == []
    assert attacker.next_attack(known, 502)[1] == [attacker.name_of(attacker.BEGIN)]
    table = benchmark.document.document([result(), *known]).split("## An attacker")[1]
    assert rows(table, "1")[0][1:3] == ["clients=own", "0 of 70"]
    assert rows(table, "0")[0][5:9] == ["95.0 %", "2.00", "12", "3"]


def counts(name):
    """Return counts of a pool that a client per account hides."""
    found = 0 if "clients=own" in name else 60
    graded = {grade: {"queue*": found} for grade in ("weak", "moderate", "strong")}
    return {"all": {"queue*": 70}, "operator": {"queue*": 0}} | graded
