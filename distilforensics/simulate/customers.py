"""The ordinary customers as data: people, companies, programs and crowds, among them the look-alikes of a pool.

Numbers are of scale 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from distilforensics.simulate.actors.jobs import JobParameters

if TYPE_CHECKING:
    from collections.abc import Callable

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
    n_accounts: int = 1
    """Accounts, one for each business customer of the program; the traffic is divided among them."""


@dataclass(frozen=True, slots=True)
class CrowdParameters:
    """Many people who have something in common without acting together: a course, an event, an employer, a shared task."""

    role: str
    n_members: int
    job: str | None = None
    """Grammar of what they have in common; None: each asks about own matters."""
    job_share: float = 1.0
    """Share of sessions that are about it."""
    works_through: bool = False
    """Whether they send one such request after the other, without follow-up questions."""
    group_size: int = 0
    """Members that share one system prompt; 0: there is none."""
    is_one_tenant: bool = False
    network: str = "home"
    """Where they call from: home, tenant (addresses of the organisation), servers (of a program that calls for them) or venue."""
    signup_days_before: tuple[float, float] = (20.0, 400.0)
    """Sign-up between so many days before the time when they become active."""
    active_share: tuple[float, float] = (0.0, 1.0)
    """When they are active, as shares of the simulated time."""
    is_of_release_day: bool = False
    """Active on the day after the release of the new model, and with that model."""
    sessions_median: float = 1.0
    sessions_sigma: float = 0.6
    """Spread of the natural logarithm of sessions per day over members."""
    hours: str = "leisure"
    """leisure, office or service"""
    daily_quota: int | None = None
    user_agent: str | None = None
    """Client that all of them use; None: each has an own one."""
    thinking_share: float = 0.5
    """Members whose chats use hidden reasoning."""
    plan: str = ""
    """Plan of private accounts; empty: each has an own one."""


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
    n_proxy_networks: int = 3
    """Networks of that proxy which they come from."""
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
    crowds: tuple[CrowdParameters, ...] = ()
    own_domain_share: float = 0.0
    """Individuals with a mail domain of their own."""
    thinking_share: float = 0.0
    """People whose chats use hidden reasoning, which their programs send back in the turns that follow."""
    agents_think: bool = False
    """Whether coding agents use hidden reasoning, which they send back in the turns that follow."""
    hobbyist_sizes: tuple[int, ...] = ()
    """Numbers of accounts of the hobbyists in turn; empty: `hobbyist_accounts` each."""


_ALL_DAYS = tuple(range(6))


def _batches(share_of_accounts: float, share_of_calls: float) -> tuple[JobParameters, ...]:
    """Return the batch programs of a population with these shares of the accounts and calls of a large one."""

    def accounts(number: int) -> int:
        return max(2, round(number * share_of_accounts))

    def calls(number: int) -> int:
        return round(number * share_of_calls)

    return (*_work(accounts, calls), *_checks(accounts, calls))


def _work(accounts: Callable[[int], int], calls: Callable[[int], int]) -> tuple[JobParameters, ...]:
    """Return the programs whose answers are used: evaluations, translation, classification, retrieval, synthetic data."""
    async_client, plain_client = "AsyncOpenAI/Python 2.1.0", "OpenAI/Python 1.109.1"
    math_and_code = ("bulk_eval_math", "bulk_eval_code")
    return (
        JobParameters(
            "evaluation", "evaluation", accounts(30), calls(1500), (1, RELEASE), 13.0, 9.0, 0.0, 512, async_client,
            tries_new_model=True, families=math_and_code,
        ),
        JobParameters(
            "reasoning_evaluation", "evaluation", accounts(24), calls(1000), (2, 4), 16.0, 7.0, 0.0, 2048, async_client,
        ),
        JobParameters(
            "judging", "evaluation", accounts(8), calls(500), (2, 4), 7.0, 5.0, 0.0, 64, async_client,
            families=("bulk_judge",),
        ),
        JobParameters(
            "translation", "translation_batch", 2, calls(300), (0, 1, 2, 3, 4), 1.0, 4.0, 0.2, 512, plain_client,
            families=("bulk_translate",),
        ),
        JobParameters(
            "classification", "classification_batch", 2, calls(400), _ALL_DAYS, 22.0, 1.5, 0.0, 5, "python-requests/2.32.5",
            families=("bulk_classify_tweets",),
        ),
        JobParameters(
            "rag", "rag_batch", 2 * accounts(10), calls(400), _ALL_DAYS, 6.0, 10.0, 0.1, 256, "langchain/0.3.27",
            rotates_keys=True, families=("bulk_rag_qa",),
        ),
        JobParameters(
            "self_review", "self_review", accounts(12), calls(200), _ALL_DAYS, 5.0, 14.0, 0.4, 2048, async_client,
            answer_sentences=4, reviews=True,
        ),
        JobParameters(
            "synthetic_data", "synthetic_data", 1, calls(400), (5,), 8.0, 14.0, 1.0, 2048, async_client, answer_sentences=3
        ),
    )  # fmt: skip


def _checks(accounts: Callable[[int], int], calls: Callable[[int], int]) -> tuple[JobParameters, ...]:
    """Return the programs whose answers are only looked at: load tests, builds, monitors."""
    return (
        JobParameters(
            "load_test", "load_test", accounts(30), calls(1500), (3,), 15.0, 0.6, 0.0, 64, "k6/1.2.0",
        ),
        JobParameters(
            "pipeline_checks", "nightly_ci", accounts(40), calls(400), (0, 1, 2, 3, 4), 2.0, 0.7, 0.0, 1024,
            "OpenAI/Python 1.97.0", is_ephemeral=True,
        ),
        JobParameters(
            "drift_monitor", "drift_monitor", accounts(12), accounts(12) * 5, _ALL_DAYS, 0.0, 0.1, 0.0, 64,
            "OpenAI/Python 1.109.1", runs_per_day=4,
        ),
        JobParameters("nightly_checks", "nightly_checks", 3, calls(60), (0, 1, 2, 3, 4), 2.0, 0.6, 0.0, 256, "langchain/0.3.27"),
    )  # fmt: skip


def _crowds(share: float) -> tuple[CrowdParameters, ...]:
    """Return the crowds of a population of `share` times the members of a large one."""

    def members(number: int) -> int:
        return max(4, round(number * share))

    return (
        CrowdParameters(
            "open_course", members(250), "open_course", 0.8, signup_days_before=(1.0, 12.0), sessions_median=0.5, plan="free"
        ),
        CrowdParameters(
            "agency", members(40), "agency_brief", 0.9, works_through=True, group_size=1000, is_one_tenant=True,
            network="tenant", hours="office", sessions_median=1.0, user_agent="node",
        ),
        CrowdParameters(
            "release_day", members(60), "release_day", 1.0, is_of_release_day=True, sessions_median=3.0
        ),
        CrowdParameters(
            "hackathon", members(80), "starter_kit", 0.9, works_through=True, group_size=4, network="venue",
            signup_days_before=(0.0, 0.4), active_share=(0.7, 1.0), sessions_median=2.0, hours="service", plan="promotion",
        ),
        CrowdParameters(
            "employee", members(120), is_one_tenant=True, network="tenant", hours="office", sessions_median=4.0,
            sessions_sigma=0.5, daily_quota=12,
        ),
        CrowdParameters(
            "crowd_worker", members(60), "labelling", 0.95, works_through=True, signup_days_before=(2.0, 120.0),
            sessions_median=1.2, sessions_sigma=1.0,
        ),
        CrowdParameters(
            "puzzle_hunt", members(120), "puzzle_hunt", 0.9, signup_days_before=(1.0, 300.0), active_share=(0.4, 0.8),
            sessions_median=0.9, sessions_sigma=0.4, works_through=True,
        ),
        CrowdParameters(
            "vendor_customer", members(60), network="servers", hours="service", sessions_median=0.8, sessions_sigma=1.0,
            user_agent="Go-http-client/2.0",
        ),
    )  # fmt: skip


_RESELLER = FrontendParameters("reseller", 120, 40.0, 0.55, "AsyncOpenAI/Python 1.97.0", is_streaming=True)
_PROGRAMS = (
    FrontendParameters(
        "support_bot", 300, 90.0, 0.35, "okhttp/4.12.0", job="support_bot", max_tokens=400, temperature=0.3
    ),
    _RESELLER,
)

_PRODUCTS = (
    ("agent_product", 0.18),
    ("terminal_agent", 0.12),
    ("editor_agent", 0.06),
    ("writing_product", 0.08),
    ("notes_product", 0.05),
    ("public_prompt", 0.05),
)

EVERYBODY = PopulationParameters(
    n_individuals=230,
    n_tenants=14,
    class_size=30,
    n_hobbyists=4,
    hobbyist_sizes=(2, 3, 4, 6),
    jobs=_batches(0.3, 0.3),
    frontends=(
        *_PROGRAMS,
        FrontendParameters("white_label", 8, 80.0, 0.55, "OpenAI/JS 5.23.2", is_streaming=True, n_accounts=18),
    ),
    crowds=_crowds(0.3),
    product_shares=_PRODUCTS,
    proxy_share=0.12,
    n_proxy_networks=5,
    own_domain_share=0.06,
    thinking_share=0.5,
    agents_think=True,
)
"""Ordinary customers with every known look-alike of a pool on a small scale."""

LOOK_ALIKES = replace(
    EVERYBODY,
    n_individuals=160,
    n_tenants=10,
    n_classes=3,
    class_size=40,
    lesson_days=(0, 2, 4),
    n_hobbyists=8,
    hobbyist_sizes=(2, 3, 4, 5, 6),
    jobs=_batches(1.0, 0.5),
    frontends=(
        *_PROGRAMS,
        FrontendParameters("white_label", 8, 220.0, 0.55, "OpenAI/JS 5.23.2", is_streaming=True, n_accounts=60),
    ),
    crowds=_crowds(1.0),
)
"""Mostly look-alikes, each at a size at which it could be taken for a pool."""
