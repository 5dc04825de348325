"""The scenarios as data: who exists, how many, and what the pool does. Nothing here is executed.

Numbers are of scale 1. They follow the public record of disclosed campaigns and the known look-alikes, not the thresholds of any heuristic.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from distilforensics.simulate.actors.jobs import JobParameters
from distilforensics.simulate.actors.pool import PoolParameters

RELEASE = -1
"""In `JobParameters.run_days`: the day on which the new model appears."""


@dataclass(frozen=True, slots=True)
class PopulationParameters:
    """The ordinary customers. Counts are accounts unless said otherwise; shares are from 0 to 1."""

    n_individuals: int = 390
    n_tenants: int = 40
    """Companies, each with a team."""
    largest_team: int = 26
    n_classes: int = 1
    class_size: int = 40
    n_hobbyists: int = 2
    """People who use several accounts in turn."""
    hobbyist_accounts: int = 4
    hobbyist_sessions_per_day: float = 7.0
    sessions_median: float = 0.45
    """Median over people of sessions per day."""
    sessions_sigma: float = 1.25
    """Spread of the natural logarithm of sessions per day over people."""
    sessions_maximum: float = 22.0
    agent_product_share: float = 0.34
    writing_product_share: float = 0.08
    public_prompt_share: float = 0.05
    house_tool_share: float = 0.4
    """Tenants with an internal application and its own system prompt."""
    proxy_share: float = 0.05
    """Individuals who use the same commercial proxy as a pool at times."""
    support_conversations_per_day: float = 260.0
    reseller_end_users: int = 120
    reseller_conversations_per_day: float = 55.0
    jobs: tuple[JobParameters, ...] = (
        JobParameters("evaluation", "evaluation", 6, 1100, (2, RELEASE), 13.0, 9.0, 0.0, 4, "AsyncOpenAI/Python 2.1.0"),
        JobParameters("translation", "translation_batch", 2, 300, (0, 1, 2, 3, 4, 7, 8, 9), 1.0, 4.0, 0.2, 512, "OpenAI/Python 1.109.1"),
        JobParameters("classification", "classification_batch", 2, 420, (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), 22.0, 1.5, 0.0, 5, "python-requests/2.32.5"),
        JobParameters("synthetic_data", "synthetic_data", 1, 550, (5, 6), 8.0, 14.0, 1.0, 2048, "AsyncOpenAI/Python 2.1.0", answer_sentences=3),
        JobParameters("nightly_checks", "nightly_checks", 3, 60, (0, 1, 2, 3, 4, 7, 8, 9), 2.0, 0.6, 0.0, 256, "langchain/0.3.27"),
    )


@dataclass(frozen=True, slots=True)
class ScenarioParameters:
    """One scenario."""

    name: str
    title: str
    formats: tuple[str, ...]
    start: str = "2026-03-02"
    """First UTC day, a Monday."""
    days: int = 10
    released_day: int = 5
    released_hour_utc: float = 16.0
    population: PopulationParameters = field(default_factory=PopulationParameters)
    pools: tuple[PoolParameters, ...] = ()


SCENARIOS: dict[str, ScenarioParameters] = {
    scenario.name: scenario
    for scenario in (
        ScenarioParameters(
            "pool",
            "ordinary customers and one pool of accounts behind a scheduler, served over several gateways",
            ("litellm_spendlogs", "bedrock_invocation", "generic_csv"),
            pools=(PoolParameters(),),
        ),
        ScenarioParameters("benign", "the same customers without a pool", ("litellm_spendlogs", "bedrock_invocation", "generic_csv")),
        ScenarioParameters(
            "metadata_only", "the customers and the pool of `pool`, seen only in the access log of a web server", ("nginx_combined",), pools=(PoolParameters(),)
        ),
    )
}
