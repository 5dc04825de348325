"""Libraries that are installed for other programs cost this one nothing."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import importlib.util, sys
assert importlib.util.find_spec("pandas"), "the test needs it"
from distilforensics.cli.diagnostics import run_cli
code = run_cli(["ingest", sys.argv[1], "--case", sys.argv[2], "--quiet"])
assert "pandas" not in sys.modules
from distilforensics.core.libraries import allow_pandas
allow_pandas()
import pandas
sys.exit(code)
"""


def test_pandas_is_left_alone_until_spark_needs_it(tmp_path):
    """DuckDB and PyArrow import it wherever they find it."""
    logs = Path(__file__).parents[2] / "sample_logs" / "benign" / "logs"
    command = [sys.executable, "-c", PROGRAM, logs, tmp_path / "case"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert (0, "") == (done.returncode, done.stderr)
