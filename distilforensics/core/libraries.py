"""Libraries that are found where they are installed, and only get in the way."""

from __future__ import annotations

import sys


class _NoPandas:
    """A finder that finds pandas missing."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:  # noqa: ARG004 - as finders are called
        """Refuse pandas and leave everything else to the other finders."""
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name=name)


def leave_out_pandas() -> None:
    """Let DuckDB and PyArrow find no pandas: they import it wherever it is installed, which costs every process 30 MB and a sixth of a second."""
    if _NoPandas not in sys.meta_path:
        sys.meta_path.insert(0, _NoPandas)


def allow_pandas() -> None:
    """Undo `leave_out_pandas`: the workers of Spark need it."""
    if _NoPandas in sys.meta_path:
        sys.meta_path.remove(_NoPandas)
