"""The stages after ingest in the order of their dependencies, imported when they are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.case.stages import StageOutcome
    from distilforensics.core.progress import Progress
    from distilforensics.ingest.options import IngestOptions, IngestSummary

    StageFunction = Callable[[Case, Limits, Progress], StageOutcome]
    IngestFunction = Callable[[Case, Sequence[str], IngestOptions, Limits, Progress], IngestSummary]


@dataclass(frozen=True, slots=True)
class Step:
    """One stage by name, with the function that does it."""

    name: str
    work: StageFunction


def ingest(
    case: Case, inputs: Sequence[str], options: IngestOptions, limits: Limits, progress: Progress
) -> IngestSummary:
    """Read the logs into the case and return their balance."""
    from distilforensics.ingest.stage import ingest as read_into

    return read_into(case, inputs, options, limits, progress)


def _features(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
    from distilforensics.analysis.stage import build_features

    return build_features(case, limits, progress)


def _linkage(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
    from distilforensics.analysis.stage import link_accounts

    return link_accounts(case, limits, progress)


def _heuristics(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
    from distilforensics.analysis.heuristics.stage import scan

    return scan(case, limits, progress)


def scan_only(names: Sequence[str]) -> Step:
    """Return the step that runs the named heuristics or families alone; all of them if none is named."""

    def work(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
        from distilforensics.analysis.heuristics.stage import scan

        return scan(case, limits, progress, only=tuple(names))

    return Step("heuristics", work)


def _assessment(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
    from distilforensics.assessment.stage import assess

    return assess(case, limits, progress)


def report_step(
    *, is_with_pdf: bool | None = None, language: str | None = None, is_redacted: bool | None = None
) -> Step:
    """Return the step that writes the report: as PDF too or not, in which language, with names or pseudonyms; as the last time if omitted."""

    def work(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
        from distilforensics.report.stage import render_report

        return render_report(
            case, limits, progress, is_with_pdf=is_with_pdf, language=language, is_redacted=is_redacted
        )

    return Step("report", work)


STEPS = (
    Step("features", _features),
    Step("linkage", _linkage),
    Step("heuristics", _heuristics),
    Step("assessment", _assessment),
    report_step(),
)
"""Linkage comes before heuristics since its clusters are groups on which the coordination heuristics are run."""


def with_report(steps: Sequence[Step], report: Step) -> tuple[Step, ...]:
    """Return the steps with another one in place of the report."""
    return tuple(report if step.name == report.name else step for step in steps)


def step_named(name: str) -> Step:
    """Return the step with a name of `STEPS`."""
    return next(step for step in STEPS if step.name == name)
