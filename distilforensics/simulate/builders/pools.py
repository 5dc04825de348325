"""Builds the accounts of a pool: sign-up bursts, shared payment methods, proxy exits, replacements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.simulate import identities as ids
from distilforensics.simulate import text
from distilforensics.simulate.actors.pool import ChaffCustomer, Pool, PoolAccount
from distilforensics.simulate.builders.world import Built, Registration, private_account
from distilforensics.simulate.exchange import DAY, HOUR, MICROSECONDS

if TYPE_CHECKING:
    from random import Random

    from distilforensics.simulate.actors.pool import PoolParameters
    from distilforensics.simulate.builders.world import World

_REPLACED_AT_SHARE = 0.55
"""Share of the simulated days after which accounts are replaced."""
_SIGNUP_GAP_S = 70
"""Mean pause between two sign-ups of a burst."""
_CHAFF_LANGUAGES = ("en", "en", "zh", "zh", "es", "ja", "pt")


def build_pool(world: World, parameters: PoolParameters) -> Built:
    """Return the accounts of a pool and the actor that uses them."""
    rng = world.identities.rng("pool/" + parameters.campaign_id)
    members = _members(world, rng, parameters)
    customers = tuple(
        ChaffCustomer(text.make_voice(rng, rng.choice(_CHAFF_LANGUAGES)), rng.paretovariate(1.0))
        for _ in range(parameters.n_chaff_customers)
    )
    pool = Pool(
        rng,
        parameters,
        members,
        customers,
        world.service,
        released_at=world.released_at,
        answer_length=world.answer_length,
    )
    return [member.account for member in members], [pool]


def _members(world: World, rng: Random, parameters: PoolParameters) -> tuple[PoolAccount, ...]:
    n_accounts = world.count(parameters.n_accounts)
    n_replaced = round(n_accounts * parameters.replaced_share)
    payments = _payments(world, rng, parameters, n_accounts)
    clocks = [
        world.start - int(rng.uniform(*parameters.signup_days_before) * DAY)
        for _ in range(max(1, parameters.n_signup_bursts))
    ]
    replaced_at = world.start + int(world.days * _REPLACED_AT_SHARE * DAY)
    networks = ids.proxy_networks(parameters.n_proxy_networks)
    members = []
    for index in range(n_accounts):
        is_new = index >= n_accounts - n_replaced
        burst = index % len(clocks)
        clocks[burst] += int((8 + rng.expovariate(1 / _SIGNUP_GAP_S)) * MICROSECONDS)
        created_at = replaced_at + int(rng.uniform(0.2, 1.4) * HOUR) if is_new else clocks[burst]
        registration = Registration(created_at, _mail_domain(rng, parameters), _plan(rng), payments[index])
        owner = f"pool/{parameters.campaign_id}/{index}"
        members.append(
            PoolAccount(
                private_account(world, owner, 0, "pool", registration, parameters.campaign_id),
                active_from=created_at + int(rng.uniform(0.1, 0.5) * HOUR) if is_new else world.start,
                active_until=replaced_at + int(rng.uniform(-6, 0.5) * HOUR) if index < n_replaced else world.end,
                exits=(*rng.sample(rng.choice(networks), 2), rng.choice(rng.choice(networks))),
                chaff_weight=rng.lognormvariate(0.0, parameters.chaff_sigma),
            )
        )
    return tuple(members)


def _mail_domain(rng: Random, parameters: PoolParameters) -> str:
    return (
        rng.choice(ids.THROWAWAY_DOMAINS) if rng.random() < parameters.throwaway_domain_share else ids.mail_domain(rng)
    )


def _plan(rng: Random) -> str:
    return rng.choices(("plus", "pro", "api"), weights=(5, 4, 1), k=1)[0]


def _payments(world: World, rng: Random, parameters: PoolParameters, n_accounts: int) -> list[str]:
    """Return one payment fingerprint per account: some have their own, the others share one in small groups spread over the bursts."""
    order = list(range(n_accounts))
    rng.shuffle(order)
    payments = [""] * n_accounts
    group, room = 0, 0
    for index in order:
        if rng.random() < parameters.own_payment_share:
            payments[index] = world.identities.payment(f"{parameters.campaign_id}/own/{index}")
            continue
        if room == 0:
            group, room = group + 1, rng.randint(*parameters.payment_group)
        room -= 1
        payments[index] = world.identities.payment(f"{parameters.campaign_id}/card/{group}")
    return payments
