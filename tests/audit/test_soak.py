"""A few nights of benchmarks/soak.py, with the real stages."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"


def test_disturbed_nights_end_like_undisturbed_ones(tmp_path):
    """Kills, full disks, growing and vanishing logs: the same case, and every alarm told once."""
    command = [sys.executable, str(SOAK), "--nights", "4", "--seed", "54", "--folder", str(tmp_path / "soak")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("yes ") == 5
    assert "disturbances: " in done.stdout


def entry(name, n_accounts, n_exchanges, before=None):
    """Return a campaign as a report tells it; `before` is its name, accounts and exchanges then."""
    old_name, old_accounts, old_exchanges = before or (None, 0, 0)
    return {
        "campaign_id": name,
        "grade": "weak",
        "n_accounts": n_accounts,
        "n_exchanges": n_exchanges,
        "campaign_id_before": old_name,
        "grade_before": "weak" if before else None,
        "n_accounts_added": n_accounts - old_accounts,
        "n_accounts_removed": 0,
        "n_exchanges_added": n_exchanges - old_exchanges,
    }


NIGHTS = [
    {"is_repeated": False, "new": [entry("C-01", 3, 30)]},
    {"is_repeated": False, "new": [entry("C-01", 9, 90)], "grown": [entry("C-02", 4, 40, ("C-01", 3, 30))]},
    {"is_repeated": False, "unchanged": [entry("C-01", 9, 90, ("C-01", 9, 90)), entry("C-02", 4, 40, ("C-02", 4, 40))]},
    {"is_repeated": False, "ended": [entry("C-02", 4, 40, ("C-02", 4, 40))], "unchanged": [entry("C-01", 9, 90, ("C-01", 9, 90))]},
]  # fmt: skip


@pytest.fixture(scope="module")
def follow():
    """The function of the benchmark that follows what was told."""
    spec = importlib.util.spec_from_file_location("soak", SOAK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.follow


def test_what_was_told_is_followed_from_night_to_night(follow):
    """Campaigns come, grow under another number, stay and end."""
    assert follow(NIGHTS) == ({("weak", 9, 90)}, [])
    assert follow([NIGHTS[0], {**NIGHTS[0], "is_repeated": True}, *NIGHTS[1:]]) == ({("weak", 9, 90)}, [])


@pytest.mark.parametrize("night", [0, 1])
def test_an_alarm_that_is_dropped_in_the_middle_is_noticed(follow, night):
    """The end is told as it should be; what led to it was not."""
    assert follow([*NIGHTS[:night], *NIGHTS[night + 1 :]])[1] != []
    assert follow([*NIGHTS[:night], {**NIGHTS[night], "new": []}, *NIGHTS[night + 1 :]])[1] != []


def test_an_alarm_told_twice_must_say_so(follow):
    """And a campaign may not vanish without having ended."""
    assert follow([NIGHTS[0], NIGHTS[0]])[1] == ["report 2: C-01 is no longer told and has not ended"]
    assert follow([*NIGHTS[:3], {**NIGHTS[3], "ended": []}])[1] == [
        "report 4: C-02 is no longer told and has not ended"
    ]
