"""A few nights of benchmarks/soak.py, with the real stages."""

import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"


def test_disturbed_nights_end_like_undisturbed_ones(tmp_path):
    """Kills, full disks, growing and vanishing logs: the same case, and every alarm told once."""
    command = [sys.executable, str(SOAK), "--nights", "5", "--seed", "3", "--folder", str(tmp_path / "soak")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("yes ") == 5
    assert "disturbances: " in done.stdout
