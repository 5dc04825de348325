"""Loads what the later stages need while another process reads the logs and this one would only wait."""

from __future__ import annotations

import importlib
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.case.layout import Case

_MODULES = (
    "distilforensics.analysis.stage",
    "distilforensics.analysis.heuristics.stage",
    "distilforensics.assessment.stage",
    "distilforensics.report.stage",
)


@contextmanager
def prepared(case: Case) -> Iterator[None]:
    """Prepare the later stages beside what is done here, and wait for it; a case that they have been through before is left alone."""
    if (case.stages / "report.json").is_file():
        yield
        return
    is_needless = threading.Event()
    thread = threading.Thread(target=_prepare, args=(is_needless,), name="prepare-stages", daemon=True)
    thread.start()
    try:
        yield
    except KeyboardInterrupt:
        # Not waited for: an interrupt inside of an import can leave the interpreter's import lock with this thread, for which the other one waits.
        is_needless.set()
        raise
    except BaseException:
        is_needless.set()
        thread.join()
        raise
    thread.join()


def _prepare(is_needless: threading.Event) -> None:
    """Import the stages and compile the pages; whoever needs them meets what goes wrong here."""
    with suppress(Exception):
        for name in _MODULES:
            if is_needless.is_set():
                return
            importlib.import_module(name)
        from distilforensics.report.render import compile_pages

        compile_pages()
