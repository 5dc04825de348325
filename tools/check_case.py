"""Checks an export in CASE/UCO against the shapes of the ontology; needs case-utils, which the tests do not.

pip install case-utils
distilforensics export CASE case -o graph.json
python tools/check_case.py graph.json
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run the validator of the ontology, which brings the shapes with it, and return its exit code."""
    command = [str(Path(sys.executable).with_name("case_validate")), "--built-version", "case-1.5.0", *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
