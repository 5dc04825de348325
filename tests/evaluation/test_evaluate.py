"""Error rates of hand-made findings."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distilforensics.case.layout import Case
from distilforensics.case.tables import write_rows
from distilforensics.core.errors import CaseError, UsageError
from distilforensics.evaluation import evaluate


def make_case(root, accounts, campaigns):
    """Write findings: accounts as {id: (campaign, grade)} or None, campaigns as {id: grade}."""
    case = Case(root)
    rows = [
        {"account_id": name, "campaign_id": value and value[0], "grade": value and value[1]}
        for name, value in sorted(accounts.items())
    ]
    write_rows(case, "accounts", rows)
    write_rows(case, "campaigns", [{"campaign_id": name, "grade": grade} for name, grade in sorted(campaigns.items())])
    return root


def make_labels(root, labels):
    """Write labels as {id: (campaign or '', role)}."""
    path = root / "labels.csv"
    lines = ["account_id,campaign_id,role", *(f"{name},{campaign},{role}" for name, (campaign, role) in labels.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def judged(tmp_path):
    """Ten campaign accounts of which eight are accused, ninety innocents of which one student is accused."""
    labels = {f"p{i}": ("pool-1", "pool") for i in range(10)}
    labels |= {f"s{i}": ("", "student") for i in range(40)} | {f"u{i}": ("", "individual") for i in range(50)}
    accounts = dict.fromkeys(labels) | {f"p{i}": ("C-1", "strong") for i in range(8)} | {"s7": ("C-1", "strong")}
    case = make_case(tmp_path / "case", accounts, {"C-1": "strong"})
    return evaluate(case, make_labels(tmp_path, labels))


def test_recall_precision_and_false_accusations_are_counted_per_account(judged):
    """8 of 10 found, 8 of 9 accusations right, 1 of 90 innocents accused."""
    score = judged.score
    assert [(p.n_of, p.n_total) for p in (score.recall, score.precision, score.false_accusations)] == [
        (8, 10),
        (8, 9),
        (1, 90),
    ]


def test_rates_have_exact_intervals(judged):
    """Known values of Clopper and Pearson: 8 of 10 and 1 of 90."""
    accounts = judged.as_dict()["accounts"]
    assert (accounts["recall"]["ci95_low"], accounts["recall"]["ci95_high"]) == (0.443905, 0.974789)
    assert (accounts["false_accusations"]["ci95_low"], accounts["false_accusations"]["ci95_high"]) == (
        0.000281,
        0.060357,
    )


def test_accused_innocents_are_told_by_role(judged):
    """A reader must see which kind of customer was hit, and the bound for the others."""
    assert [(role, share.n_of, share.n_total) for role, share in judged.false_accusations_by_role] == [
        ("individual", 0, 50),
        ("student", 1, 40),
    ]
    assert "  individual: 0 of 50 (at most 7.12 %)" in judged.as_lines()


def test_purity_and_finding_of_campaigns(judged):
    """The reported campaign is one ninth innocent and holds most of the known one."""
    (reported,), (known,) = judged.reported_campaigns, judged.known_campaigns
    assert (reported.n_accounts, reported.n_innocent, reported.purity.n_of, reported.purity.n_total) == (9, 1, 8, 9)
    assert known.is_found
    assert known.pieces == (("C-1", 8),)
    assert (judged.found.n_of, judged.n_split, judged.n_merged) == (1, 0, 0)


def test_the_lowest_grade_decides_what_is_an_accusation(tmp_path):
    """Weak campaigns count only if asked for; every grade is listed beside."""
    labels = {"a": ("x", "pool"), "b": ("x", "pool"), "c": ("", "individual"), "d": ("", "individual")}
    accounts = {"a": ("C-1", "strong"), "b": ("C-2", "weak"), "c": ("C-2", "weak"), "d": None}
    case, path = make_case(tmp_path / "case", accounts, {"C-1": "strong", "C-2": "weak"}), make_labels(tmp_path, labels)
    moderate, weak = evaluate(case, path), evaluate(case, path, min_grade="weak")
    assert (moderate.score.recall.n_of, moderate.score.false_accusations.n_of) == (1, 0)
    assert (weak.score.recall.n_of, weak.score.false_accusations.n_of) == (2, 1)
    assert [(score.grade, score.recall.n_of) for score in moderate.by_grade] == [
        ("strong", 1),
        ("moderate", 1),
        ("weak", 2),
    ]
    assert [campaign.campaign_id for campaign in moderate.reported_campaigns] == ["C-1"]


def test_split_and_merged_campaigns_are_counted(tmp_path):
    """Campaign x lies in two reported campaigns, of which one holds y as well."""
    labels = {f"x{i}": ("x", "pool") for i in range(4)} | {f"y{i}": ("y", "pool") for i in range(4)}
    accounts = dict.fromkeys(("x0", "x1"), ("C-1", "moderate")) | dict.fromkeys(
        ("x2", "x3", "y0", "y1", "y2", "y3"), ("C-2", "moderate")
    )
    case = make_case(tmp_path / "case", accounts, {"C-1": "moderate", "C-2": "moderate"})
    result = evaluate(case, make_labels(tmp_path, labels))
    assert (result.n_split, result.n_merged) == (1, 1)
    assert {known.campaign_id: known.is_found for known in result.known_campaigns} == {"x": True, "y": True}
    assert {known.campaign_id: known.pieces for known in result.known_campaigns} == {
        "x": (("C-1", 2), ("C-2", 2)),
        "y": (("C-2", 4),),
    }


def test_a_campaign_drowned_in_innocents_is_not_found(tmp_path):
    """Accusing everybody finds nothing: the reported campaign must consist of the known one at least by half."""
    labels = {"p0": ("x", "pool"), "p1": ("x", "pool")} | {f"u{i}": ("", "individual") for i in range(8)}
    case = make_case(tmp_path / "case", dict.fromkeys(labels, ("C-1", "strong")), {"C-1": "strong"})
    result = evaluate(case, make_labels(tmp_path, labels))
    assert (result.score.recall.n_of, result.found.n_of, result.score.false_accusations.n_of) == (2, 0, 8)


def test_accounts_that_only_one_side_knows_are_named_and_left_out_of_the_rates(tmp_path):
    """A labelled account without records is no miss; an accused account without a label is no false accusation."""
    labels = {"a": ("x", "pool"), "gone": ("x", "pool"), "b": ("", "individual")}
    accounts = {"a": ("C-1", "strong"), "b": None, "stranger": ("C-1", "strong")}
    result = evaluate(make_case(tmp_path / "case", accounts, {"C-1": "strong"}), make_labels(tmp_path, labels))
    assert (result.only_in_labels, result.only_in_case, result.n_compared) == (("gone",), ("stranger",), 2)
    assert [
        (p.n_of, p.n_total) for p in (result.score.recall, result.score.precision, result.score.false_accusations)
    ] == [(1, 1), (1, 1), (0, 1)]
    assert (result.reported_campaigns[0].n_accounts, result.reported_campaigns[0].n_unlabelled) == (2, 1)


def test_a_log_without_campaigns_gives_bounds_and_no_rates_from_nothing(tmp_path):
    """The benign case: nobody is accused, so there is no precision, and the false accusations have an upper bound."""
    labels = {f"u{i}": ("", "individual") for i in range(100)}
    result = evaluate(make_case(tmp_path / "case", dict.fromkeys(labels), {}), make_labels(tmp_path, labels))
    lines = result.as_lines()
    assert "Innocent accounts accused    0 of 100 (at most 3.63 %)" in lines
    assert "Accusations that are right   none to judge" in lines
    assert result.as_dict()["campaigns"]["found"]["rate"] is None


def test_the_same_case_gives_the_same_json(judged, tmp_path):
    """The dictionary is JSON and does not depend on the order of the labels."""
    labels = {f"u{i}": ("", "individual") for i in reversed(range(50))} | {
        f"s{i}": ("", "student") for i in reversed(range(40))
    }
    labels |= {f"p{i}": ("pool-1", "pool") for i in reversed(range(10))}
    again = evaluate(tmp_path / "case", make_labels(tmp_path, labels))
    assert json.dumps(again.as_dict(), allow_nan=False) == json.dumps(judged.as_dict(), allow_nan=False)


def test_hostile_names_cannot_reach_the_terminal(tmp_path):
    """Control characters from labels and case are shown as escapes."""
    labels = {"a": ("evil\x1b[31m", "ro\x07le"), "b": ("", "ro\x07le")}
    case = make_case(tmp_path / "case", {"a": ("C-\x1b", "strong"), "b": None}, {"C-\x1b": "strong"})
    lines = "\n".join(evaluate(case, make_labels(tmp_path, labels)).as_lines())
    assert "\x1b" not in lines
    assert "\x07" not in lines
    assert "ro\\x07le" in lines


def test_missing_or_contradicting_findings_are_refused(tmp_path):
    """No findings, a lacking column, a broken file and disagreeing tables each have their own message."""
    labels = make_labels(tmp_path, {"a": ("x", "pool")})
    with pytest.raises(CaseError, match="campaigns does not exist"):
        evaluate(tmp_path, labels)
    disagreeing = make_case(tmp_path / "one", {"a": ("C-1", "strong")}, {"C-1": "weak"})
    with pytest.raises(CaseError, match="says otherwise"):
        evaluate(disagreeing, labels)
    lacking = make_case(tmp_path / "two", {"a": None}, {})
    pq.write_table(
        pa.table({"account_id": ["a"], "campaign_id": pa.array([None], pa.string())}), tmp_path / "new.parquet"
    )
    (tmp_path / "new.parquet").replace(Case(lacking).table_path("accounts"))
    with pytest.raises(CaseError, match="accounts lacks grade"):
        evaluate(lacking, labels)
    broken = make_case(tmp_path / "three", {"a": None}, {})
    (tmp_path / "text").write_text("no parquet", encoding="utf-8")
    (tmp_path / "text").replace(Case(broken).table_path("accounts"))
    with pytest.raises(CaseError, match="accounts is not readable as Parquet"):
        evaluate(broken, labels)


def test_labels_of_another_log_and_unknown_grades_are_refused(tmp_path):
    """Rates of nothing would mislead."""
    case = make_case(tmp_path / "case", {"a": None}, {})
    with pytest.raises(UsageError, match="none of the 1 labelled accounts"):
        evaluate(case, make_labels(tmp_path, {"z": ("", "individual")}))
    with pytest.raises(UsageError, match="lowest grade is 'certain'"):
        evaluate(case, make_labels(tmp_path, {"a": ("", "individual")}), min_grade="certain")
    unknown = make_case(tmp_path / "case2", {"a": ("C-1", "certain")}, {"C-1": "certain"})
    with pytest.raises(CaseError, match="grade is 'certain'"):
        evaluate(unknown, make_labels(tmp_path, {"a": ("", "individual")}))
