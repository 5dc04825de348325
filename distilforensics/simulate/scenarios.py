"""The scenarios as data: who exists, how many, and what the pool does. Nothing here is executed.

Numbers are of scale 1. They follow the public record of disclosed campaigns and the known look-alikes, not the thresholds of any heuristic.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from distilforensics.simulate.actors.jobs import JobParameters
from distilforensics.simulate.actors.pool import PoolParameters

RELEASE = -1
"""In `JobParameters.run_days`: the day on which the new model appears."""

_EVERY_DAY = tuple(range(10))
_WEEKDAYS = (0, 1, 2, 3, 4, 7, 8, 9)


@dataclass(frozen=True, slots=True)
class FrontendParameters:
    """One program that serves many end users through one account; `job` names the grammar of its prompts, None passes on free questions."""

    role: str
    n_end_users: int
    conversations_per_day: float
    more_turns: float
    """Probability that a conversation goes on after an answer."""
    user_agent: str
    job: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    is_streaming: bool = False


@dataclass(frozen=True, slots=True)
class PopulationParameters:
    """The ordinary customers. Counts are accounts unless said otherwise; shares are from 0 to 1."""

    n_individuals: int = 390
    n_tenants: int = 40
    """Companies, each with a team."""
    largest_team: int = 26
    team_pareto: float = 0.9
    """Exponent of the distribution of team sizes."""
    n_classes: int = 1
    class_size: int = 40
    lesson_days: tuple[int, ...] = (1, 3)
    """Weekdays (0 = Monday) on which the class meets."""
    n_hobbyists: int = 2
    """People who use several accounts in turn."""
    hobbyist_accounts: int = 4
    hobbyist_sessions_per_day: float = 7.0
    sessions_median: float = 0.6
    """Median over people of sessions per day."""
    sessions_sigma: float = 1.25
    """Spread of the natural logarithm of sessions per day over people."""
    sessions_maximum: float = 22.0
    product_shares: tuple[tuple[str, float], ...] = (
        ("agent_product", 0.34),
        ("writing_product", 0.08),
        ("notes_product", 0.05),
        ("public_prompt", 0.05),
    )
    """Shares of people who use a product: a coding agent, a writing companion, a web product that calls from its own servers
    with its customers' keys, and one popular prompt that strangers paste."""
    house_tool_share: float = 0.4
    """Tenants with an internal application and its own system prompt."""
    proxy_share: float = 0.08
    """Individuals who at times use the same commercial proxy as a pool."""
    jobs: tuple[JobParameters, ...] = (
        JobParameters(
            "evaluation",
            "evaluation",
            6,
            1100,
            (2, RELEASE),
            13.0,
            9.0,
            0.0,
            4,
            "AsyncOpenAI/Python 2.1.0",
            tries_new_model=True,
        ),
        JobParameters(
            "translation", "translation_batch", 2, 220, _WEEKDAYS, 1.0, 4.0, 0.2, 512, "OpenAI/Python 1.109.1"
        ),
        JobParameters(
            "classification", "classification_batch", 2, 300, _EVERY_DAY, 22.0, 1.5, 0.0, 5, "python-requests/2.32.5"
        ),
        JobParameters(
            "synthetic_data",
            "synthetic_data",
            1,
            550,
            (5, 6),
            8.0,
            14.0,
            1.0,
            2048,
            "AsyncOpenAI/Python 2.1.0",
            answer_sentences=3,
        ),
        JobParameters("nightly_checks", "nightly_checks", 3, 60, _WEEKDAYS, 2.0, 0.6, 0.0, 256, "langchain/0.3.27"),
    )
    frontends: tuple[FrontendParameters, ...] = (
        FrontendParameters(
            "support_bot", 900, 260.0, 0.35, "okhttp/4.12.0", job="support_bot", max_tokens=400, temperature=0.3
        ),
        FrontendParameters("reseller", 120, 55.0, 0.55, "AsyncOpenAI/Python 1.97.0", is_streaming=True),
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

    def lasting(self, days: int) -> ScenarioParameters:
        """Return the scenario stretched or shrunk to `days`: what happens on certain days happens at the same share of the time."""
        jobs = tuple(replace(job, run_days=self._run_days(job.run_days, days)) for job in self.population.jobs)
        revisions = tuple(
            replace(pool, frame_revision_day=pool.frame_revision_day * days // self.days) for pool in self.pools
        )
        return replace(
            self,
            days=days,
            released_day=self.released_day * days // self.days,
            population=replace(self.population, jobs=jobs),
            pools=revisions,
        )

    def _run_days(self, run_days: tuple[int, ...], days: int) -> tuple[int, ...]:
        mapped = tuple(day for day in range(days) if day * self.days // days in run_days)
        return (*mapped, RELEASE) if RELEASE in run_days else mapped


_THREE_GATEWAYS = ("litellm_spendlogs", "bedrock_invocation", "generic_csv")

SCENARIOS: dict[str, ScenarioParameters] = {
    scenario.name: scenario
    for scenario in (
        ScenarioParameters(
            "pool",
            "ordinary customers and one pool of accounts behind a scheduler, served over several gateways",
            _THREE_GATEWAYS,
            pools=(PoolParameters(),),
        ),
        ScenarioParameters("benign", "the same customers without a pool", _THREE_GATEWAYS),
        ScenarioParameters(
            "metadata_only",
            "the customers and the pool of `pool`, seen only in the access log of a web server",
            ("nginx_combined",),
            pools=(PoolParameters(),),
        ),
    )
}
