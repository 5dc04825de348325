"""The scenarios as data: who exists, how many, and what the pool does. Nothing here is executed.

Numbers are of scale 1. They follow the public record of disclosed campaigns and the known look-alikes, not the thresholds of any heuristic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from distilforensics.simulate.customers import EVERYBODY, LOOK_ALIKES, RELEASE, PopulationParameters
from distilforensics.simulate.pools import PoolParameters

if TYPE_CHECKING:
    from random import Random

_FEW_ACCOUNTS = 3
"""Batch programs with so few accounts keep them."""


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
    spread: float = 0.0
    """How far sizes and amounts of traffic differ from seed to seed: by factors from exp(-spread) to exp(spread)."""

    def varied(self, rng: Random) -> ScenarioParameters:
        """Return the scenario with sizes of groups and amounts of traffic of its own; pools are never smaller than stated."""
        if not self.spread:
            return self

        def factor(lowest: float = -self.spread) -> float:
            return math.exp(rng.uniform(lowest, self.spread))

        people = self.population
        population = replace(
            people,
            class_size=round(people.class_size * factor()),
            jobs=tuple(
                replace(
                    job,
                    n_accounts=round(job.n_accounts * factor()) if job.n_accounts > _FEW_ACCOUNTS else job.n_accounts,
                    requests_per_run=round(job.requests_per_run * factor()),
                )
                for job in people.jobs
            ),
            frontends=tuple(
                replace(frontend, conversations_per_day=frontend.conversations_per_day * factor())
                for frontend in people.frontends
            ),
            crowds=tuple(
                replace(
                    crowd,
                    n_members=round(crowd.n_members * factor()),
                    sessions_median=crowd.sessions_median * factor(),
                )
                for crowd in people.crowds
            ),
        )
        pools = tuple(
            replace(
                pool,
                n_accounts=round(pool.n_accounts * factor(0.0)),
                requests_per_account_day=pool.requests_per_account_day
                * (1.0 if pool.requests_per_account_day < 1 else factor()),
            )
            for pool in self.pools
        )
        return replace(self, population=population, pools=pools)

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


_ONE_GATEWAY = ("litellm_spendlogs",)
_WEEK = 6
"""Days of the scenarios that are made for measuring."""
_SPREAD = 0.3


def _among_everybody(
    name: str,
    title: str,
    *pools: PoolParameters,
    population: PopulationParameters = EVERYBODY,
    formats: tuple[str, ...] = _ONE_GATEWAY,
    released_day: int = 3,
) -> ScenarioParameters:
    """Return a scenario of six days with `pools` among ordinary customers."""
    return ScenarioParameters(
        name, title, formats, days=_WEEK, released_day=released_day, population=population, pools=pools, spread=_SPREAD
    )


_POOL = PoolParameters(frame="any", n_accounts=70, requests_per_account_day=14.0, frame_revision_day=3)
_SCHEDULERS = {
    "round_robin": "a pool whose accounts are taken in a circle",
    "least_recently_used": "a pool that takes the account that rested longest",
    "random": "a pool that takes any account",
    "sticky": "a pool that stays on one account until it is limited",
}

_MEASURED = (
    *(_among_everybody(f"pool_{kind}", title, replace(_POOL, scheduler=kind)) for kind, title in _SCHEDULERS.items()),
    _among_everybody(
        "low_and_slow",
        "several hundred accounts with four requests each that want reasoning transcribed, most of them on two days",
        PoolParameters(
            n_accounts=260,
            scheduler="random",
            requests_per_account_day=0.72,
            day_weights=(0.25, 0.25, 0.5, 2.5, 2.3, 0.2),
            chaff_share=0.0,
            work="transcription",
            replaced_share=0.0,
            pivot_share=0.0,
            n_signup_bursts=60,
            signup_days_before=(3.0, 90.0),
            own_payment_share=0.6,
            free_share=0.5,
            shares_client=False,
            temperature=None,
            max_tokens=None,
            pauses_hours=(),
            hours="of_customers",
        ),
        population=replace(EVERYBODY, n_individuals=480),
    ),
    _among_everybody(
        "heavy_chaff",
        "a pool whose accounts carry mostly the traffic of unrelated customers",
        replace(_POOL, n_accounts=70, requests_per_account_day=22.0, chaff_share=0.7, n_chaff_customers=120),
    ),
    _among_everybody(
        "relay",
        "the conversations of a reseller's own customers spread over a pool, every request on another account",
        PoolParameters(
            n_accounts=80,
            scheduler="round_robin",
            requests_per_account_day=14.0,
            chaff_share=0.0,
            n_chaff_customers=400,
            work="relay",
            hours="of_customers",
            pivot_share=0.4,
            pauses_hours=(),
        ),
    ),
    _among_everybody(
        "relay_sticky",
        "the same with every conversation on one account",
        PoolParameters(
            n_accounts=80,
            requests_per_account_day=14.0,
            chaff_share=0.0,
            n_chaff_customers=400,
            work="relay",
            has_affinity=True,
            hours="of_customers",
            pivot_share=0.4,
            pauses_hours=(),
        ),
    ),
    _among_everybody(
        "cleaner",
        "reasoning captured on one account and given back to the model on another one to be cleaned or judged",
        PoolParameters(
            n_accounts=70,
            scheduler="random",
            requests_per_account_day=16.0,
            chaff_share=0.1,
            work="cleaner",
            replaced_share=0.05,
            pivot_share=0.5,
        ),
    ),
    _among_everybody(
        "pivot",
        "a pool that ends at a ban and a second one that takes over its work within two days; half of it moves to a new model",
        replace(
            _POOL, n_accounts=60, generation="first", active_share=(0.0, 0.45), replaced_share=0.0, pivot_share=0.5
        ),
        replace(
            _POOL,
            n_accounts=60,
            generation="second",
            active_share=(0.68, 1.0),
            signup_days_before=(0.1, 1.5),
            replaced_share=0.0,
            pivot_share=0.5,
        ),
        released_day=4,
    ),
    _among_everybody(
        "access_log", "a pool seen only in the access log of a web server", _POOL, formats=("nginx_combined",)
    ),
    _among_everybody(
        "hashes_only",
        "a pool with its frame as system prompt, seen only through hashes of the texts",
        replace(_POOL, frame_place="system"),
        formats=("generic_hashed",),
    ),
    _among_everybody(
        "evasive",
        "a pool without any shared wording, address, payment, mail domain or client, with unequal loads and quiet nights",
        PoolParameters(
            n_accounts=70,
            scheduler="weighted",
            requests_per_account_day=14.0,
            chaff_share=0.25,
            chaff_sigma=1.0,
            work="reworded",
            hours="with_nights",
            load_sigma=0.8,
            exits="own",
            shares_client=False,
            own_domain_share=1.0,
            own_payment_share=1.0,
            free_share=0.2,
            n_signup_bursts=70,
            signup_days_before=(5.0, 160.0),
            replaced_share=0.05,
            pivot_share=0.5,
            pivot_delay_hours=12.0,
            limited_share=0.006,
        ),
    ),
    _among_everybody("hard_negatives", "no pool, and every known look-alike at full size", population=LOOK_ALIKES),
)

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
        *_MEASURED,
    )
}
