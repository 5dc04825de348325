"""The benchmark of detection: one small run from logs to counts, and the document that is made of such counts."""

import importlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    """The two scripts as modules."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return SimpleNamespace(
        detection=importlib.import_module("detection"), validation=importlib.import_module("validation")
    )


def result(scenario, *, found=70, accused=0, reported=((70, 70),), **other):
    """Return a result of 70 campaign accounts and 500 innocents."""
    scores = {"recall": [found, 70 if scenario != "hard_negatives" else 0], "false_accusations": [accused, 500]}
    known = [{"id": "pool-1", "is_found": found > 35, "recall": [found, 70], "n_pieces": 1}]
    return {
        "scenario": scenario,
        "seed": 101,
        "texts": "invented",
        "scale": 1.0,
        "code": "c0de",
        "n_exchanges": 20_000,
        "by_grade": dict.fromkeys(("strong", "moderate", "weak"), scores),
        "known": known if scenario != "hard_negatives" else [],
        "reported": [
            {"grade": "strong", "purity": list(purity), "n_innocent": purity[1] - purity[0]} for purity in reported
        ],
        "grades": ["strong"] * len(reported),
        "roles": {"student": [accused, 40]},
        "idle": {"n": 0, "n_found": 0, "n_tied": 0, "n_innocent_tied": 0},
    } | other


def cells(document, title):
    """Return the cells of the first row that begins with `title`."""
    row = next(line for line in document.splitlines() if line.startswith(f"| {title}"))
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_a_run_counts_what_was_found_with_and_without_each_family(benchmark, tmp_path):
    """A small pool, from simulated logs to counts that agree with the labels; nothing is left behind."""
    detection = benchmark.detection
    task = detection.Task("pool_random", 3, "invented", is_ablated=True, scale=0.12, code="c0de")
    found = detection.run(task, None, tmp_path, 500_000_000)
    assert "error" not in found
    planted, innocent = (found["by_grade"]["moderate"][key][1] for key in ("recall", "false_accusations"))
    assert planted >= 8
    assert innocent == sum(total for _, total in found["roles"].values())
    assert 0 <= found["idle"]["n_found"] <= found["idle"]["n_tied"] <= found["idle"]["n"] < planted
    assert found["ablation"].keys() == set(detection.FAMILIES)
    assert all(ablated["by_grade"]["moderate"]["recall"][1] == planted for ablated in found["ablation"].values())
    assert json.loads(json.dumps(found))["seed"] == 3
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_fails_is_a_result_with_an_error(benchmark, tmp_path):
    """A measurement of an hour does not end with it, and the document says so."""
    task = benchmark.detection.Task("no_such", 1, "invented", is_ablated=False, scale=1.0, code="c0de")
    failed = benchmark.detection.run(task, None, tmp_path, 500_000_000)
    assert "no_such" in failed["error"]
    assert "1 runs failed" in benchmark.validation.document([failed, result("pool_random")])


def test_families_of_texts_for_tuning_and_for_measuring_are_apart(benchmark):
    """Nothing measured was tuned on."""
    assert not set(benchmark.detection.TUNING_TEXTS) & set(benchmark.detection.HELD_OUT_TEXTS)


def test_goals_cover_all_scenarios_once(benchmark):
    """No scenario is measured and left out of the table."""
    named = [scenario for goal in benchmark.validation.GOALS for scenario in goal.scenarios]
    assert sorted(named) == sorted(benchmark.detection.SCENARIOS)


@pytest.mark.parametrize(
    ("runs", "verdict"),
    [
        ([result("cleaner") for _ in range(20)], "yes"),
        ([result("cleaner")], "yes; the interval of accused is wider than the goal"),
        ([result("cleaner", found=10)], "**no**: found"),
        ([result("cleaner", accused=3, reported=((70, 73),))], "**no**: accused, purity"),
        ([result("cleaner", reported=((35, 35), (35, 35)))], "**no**: one campaign each"),
        ([result("cleaner", found=0, reported=())], "**no**: found, one campaign each"),
    ],
)
def test_a_goal_is_reached_or_not_by_each_of_its_parts(benchmark, runs, verdict):
    """Recall, accusations, purity, and one reported campaign for one true one."""
    assert cells(benchmark.validation.document(runs), "cleaner |")[-1] == verdict


def test_any_campaign_among_innocents_misses_the_goal(benchmark):
    """Hard negatives have no allowance."""
    silent = benchmark.validation.document([result("hard_negatives", reported=(), found=0)])
    loud = benchmark.validation.document([result("hard_negatives", accused=40, reported=((0, 40),), found=0)])
    assert cells(silent, "hard negatives")[-1] == "yes"
    assert cells(loud, "hard negatives")[-1] == "**no**: accused"


def test_accounts_that_did_none_of_the_work_are_counted_apart(benchmark):
    """The share of the others is not lowered by what nobody could tell."""
    idle = {"n": 5, "n_found": 1, "n_tied": 4, "n_innocent_tied": 20}
    document = benchmark.validation.document([result("pool_sticky", found=66, idle=idle), result("pool_random")])
    section = document.split("## Accounts that did none of the work")[1].split("##")[0]
    assert [cell.split(" (")[0] for cell in cells(section, "pool_sticky")[1:]] == [
        "65 of 65",
        "1 of 5 = 20 %",
        "4 of 5 = 80 %",
        "20 of 500 = 4 %",
    ]
    assert "pool_random" not in section


def test_no_rate_is_shown_as_zero_or_as_certain(benchmark):
    """Zero of some is an upper bound."""
    document = benchmark.validation.document([result("pool_random")])
    assert cells(document, "pool, any scheduler")[2].startswith("70 of 70 (at least")
    assert cells(document, "student")[1].startswith("0 of 40 (at most")
