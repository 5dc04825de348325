"""A pool of accounts as data; `scenarios` says which pools there are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolParameters:
    """One pool as data; shares are of calls or accounts, from 0 to 1."""

    campaign_id: str = "pool-1"
    n_accounts: int = 80
    scheduler: str = "least_recently_used"
    skip_share: float = 0.1
    requests_per_account_day: float = 24.0
    chaff_share: float = 0.2
    n_chaff_customers: int = 40
    chaff_sigma: float = 0.8
    """Spread of the natural logarithm of the chaff per account."""
    frame: str = "notebook"
    """Name of a frame of `data/harvest.toml`, or any: another one with every seed."""
    frame_revision_day: int = 4
    """Day on which the wording of the frame is revised."""
    limited_share: float = 0.012
    pivot_share: float = 0.8
    pivot_delay_hours: float = 5.0
    replaced_share: float = 0.1
    """Accounts that end mid-window, each followed by a new one."""
    n_signup_bursts: int = 5
    signup_days_before: tuple[float, float] = (9, 32)
    payment_group: tuple[int, int] = (2, 5)
    own_payment_share: float = 0.25
    n_proxy_networks: int = 4
    throwaway_domain_share: float = 0.2
    user_agent: str = "OpenAI/Python 1.97.0"
    temperature: float | None = 0.7
    max_tokens: int | None = 4096
    pauses_hours: tuple[tuple[float, float], ...] = ((53.5, 1.4), (131.0, 2.2))
    """Breaks of the whole pool: start in hours from the beginning, length in hours."""
    repeated_task_share: float = 0.03
    work: str = "frame"
    """What is asked: one of `work.KINDS`."""
    frame_place: str = "user"
    """Whether the frame stands before the task (user) or is the system prompt (system)."""
    generation: str = ""
    """Distinguishes the pools of one campaign that follow each other."""
    active_share: tuple[float, float] = (0.0, 1.0)
    """Begin and end of the pool as shares of the simulated time; accounts end or begin within hours of them."""
    day_weights: tuple[float, ...] = ()
    """Relative amount of work per day; empty: the same every day."""
    hours: str = "around_the_clock"
    """Course of the day: around_the_clock, with_nights or of_customers."""
    load_sigma: float = 0.0
    """Spread of the natural logarithm of the load per account, for the scheduler `weighted`."""
    has_affinity: bool = False
    """Whether all requests of one talk go to one account."""
    exits: str = "proxy"
    """Shared exits of commercial proxies (proxy) or a private connection for every account (own)."""
    shares_client: bool = True
    """Whether all accounts show one user agent and set the same parameters."""
    own_domain_share: float = 0.0
    """Accounts with a mail domain of their own."""
    free_share: float = 0.0
    """Accounts without payment."""
