"""Loads what the later stages need while another process reads the logs and this one would only wait."""

from __future__ import annotations

import importlib
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.case.layout import Case


@contextmanager
def prepared(case: Case) -> Iterator[None]:
    """Prepare the later stages beside what is done here, and wait for it; a case that they have been through before is left alone."""
    if (case.stages / "report.json").is_file():
        yield
        return
    thread = threading.Thread(target=_prepare, name="prepare-stages", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _prepare() -> None:
    """Import the stages and parse their queries and pages; whoever needs them meets what goes wrong here."""
    with suppress(Exception):
        for package in ("analysis", "assessment", "report"):
            importlib.import_module(f"distilforensics.{package}.stage")
        from distilforensics.analysis.heuristics.loader import load_catalog
        from distilforensics.analysis.made import analysis_graph
        from distilforensics.report.render import compile_pages

        analysis_graph()
        load_catalog()
        compile_pages()
