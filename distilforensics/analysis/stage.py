"""The stages that build tables: what is written about every exchange and account, and which accounts are linked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.analysis.building import Build
from distilforensics.analysis.nodes import analysis_graph
from distilforensics.case.tables import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.case.stages import StageOutcome
    from distilforensics.core.progress import Progress


def build_features(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
    """Write all feature tables of the case and return what was done.

    Raises:
        CaseError: the case has no exchanges yet.
    """
    build = Build(case, limits, progress, analysis_graph(), "features", "Computing fingerprints and baselines")
    return build.run(lambda rows: f"{rows['templates']} templates, {rows['account_profiles']} accounts")


def link_accounts(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
    """Write links and clusters of the case and return what was done.

    Raises:
        CaseError: the features have not been computed yet.
    """
    build = Build(case, limits, progress, analysis_graph(), "linkage", "Linking accounts by rare shared values")

    def closing(rows: Mapping[str, int]) -> str:
        for row in read_rows(case, "link_coverage"):
            if row["n_values_capped"]:
                progress.note(
                    f"{row['n_values_capped']} values of {row['attribute']} are too common to make pairs within the limit; "
                    "they count only for pairs that a rarer value has found"
                )
        return f"{rows['links']} links, {rows['clusters']} clusters of {rows['cluster_members']} accounts"

    return build.run(closing)
