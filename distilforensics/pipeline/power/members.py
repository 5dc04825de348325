"""The accounts of a planted campaign: which format they are seen in, how they were signed up and paid, where they come from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from distilforensics.pipeline.power.parameters import PLANTING
from distilforensics.simulate.identities import hosting_address, proxy_networks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from distilforensics.pipeline.power.plan import Kind
    from distilforensics.pipeline.power.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Member:
    """One planted account."""

    place: int
    account_id: str
    tenant_id: str
    api_key_id: str
    source_format: str
    exits: tuple[str, ...]
    pattern: Mapping[str, Any]
    """Exchange of an ordinary account whose columns and call settings the campaign takes over; one per format."""


def digest(*parts: object) -> str:
    """Return 64 hex digits that depend on the parts."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def source_sha256(source_format: str) -> str:
    """Return the hash under which the planted records of a format stand."""
    return digest("planted", source_format)


def make_members(rng: Random, traffic: Traffic, kind: Kind, n_accounts: int) -> list[Member]:
    """Return the accounts of a campaign; formats are as frequent among them as among the ordinary accounts."""
    formats = sorted(traffic.answered)
    weights = [len(traffic.customers[name]) for name in formats]
    patterns = {name: rng.choice(traffic.answered[name][:20]) for name in formats}
    networks = proxy_networks(PLANTING.n_networks)
    members = []
    for place in range(n_accounts):
        source_format = rng.choices(formats, weights=weights, k=1)[0]
        exits = (
            (hosting_address(rng),)
            if kind.is_careful
            else (*rng.sample(rng.choice(networks), 2), rng.choice(rng.choice(networks)))
        )
        members.append(
            Member(
                place=place,
                account_id=f"planted-{digest(traffic.salt, 'account', place)[:12]}",
                tenant_id=f"planted-{digest(traffic.salt, 'tenant', place)[:12]}",
                api_key_id=digest(traffic.salt, "key", place)[:16],
                source_format=source_format,
                exits=exits,
                pattern=patterns[source_format],
            )
        )
    return members


def directory_rows(rng: Random, traffic: Traffic, kind: Kind, members: Sequence[Member]) -> list[dict[str, Any]]:
    """Return the rows of the accounts directory; none if the log comes without one."""
    if not traffic.directory:
        return []
    payments = [f"planted-{digest(traffic.salt, card)[:12]}" for card in _payments(rng, kind, len(members))]
    sessions = _sign_ups(rng, traffic, kind, len(members))
    rows = []
    for member, payment, created_at in zip(members, payments, sessions, strict=True):
        like = rng.choice(traffic.directory)
        replaced = {
            "account_id": member.account_id,
            "created_at": created_at,
            "payment_fingerprint": payment,
            "tenant_id": member.tenant_id,
            "organization": member.tenant_id,
            "source_sha256": source_sha256("directory"),
        }
        known = {key: value for key, value in replaced.items() if like[key] is not None}
        rows.append(dict(like) | known | {"source_line": member.place + 2})
    return rows


def _payments(rng: Random, kind: Kind, n_accounts: int) -> list[str]:
    """Return the name of each account's payment method."""
    order = list(range(n_accounts))
    rng.shuffle(order)
    payments, group, room = [""] * n_accounts, 0, 0
    for place in order:
        if kind.is_careful or rng.random() < PLANTING.own_payment_share:
            payments[place] = f"own {place}"
            continue
        if room == 0:
            group, room = group + 1, rng.randint(*PLANTING.payment_group)
        room -= 1
        payments[place] = f"shared {group}"
    return payments


def _sign_ups(rng: Random, traffic: Traffic, kind: Kind, n_accounts: int) -> list[Any]:
    """Return sign-up times: ordinary ones of the directory for a careful operator, else several sittings before the log begins."""
    if kind.is_careful:
        known = [row["created_at"] for row in traffic.directory if row["created_at"] is not None]
        spread = [timedelta(minutes=rng.uniform(-720, 720)) for _ in range(n_accounts)]
        return [rng.choice(known) + shift if known else None for shift in spread]
    start = traffic.hours[0][0]
    n_bursts = max(1, round(n_accounts / PLANTING.accounts_per_burst))
    clocks = [start - timedelta(days=rng.uniform(*PLANTING.signup_days_before)) for _ in range(n_bursts)]
    times = []
    for place in range(n_accounts):
        clocks[place % n_bursts] += timedelta(seconds=8 + rng.expovariate(1 / PLANTING.signup_gap_seconds))
        times.append(clocks[place % n_bursts])
    return times
