"""Builds the accounts of a pool: sign-up bursts, shared payment methods, proxy exits, replacements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.simulate import identities as ids
from distilforensics.simulate import text
from distilforensics.simulate.actors.pool import ChaffCustomer, Pool, PoolAccount, PoolParameters
from distilforensics.simulate.exchange import DAY, HOUR, MICROSECONDS
from distilforensics.simulate.population import World, private_account

if TYPE_CHECKING:
    from random import Random

    from distilforensics.simulate.exchange import Account

_REPLACED_AT_SHARE = 0.55
"""Share of the simulated days after which accounts are replaced."""


def build_pool(world: World, parameters: PoolParameters) -> tuple[list[Account], Pool]:
    """Return the accounts of a pool and the actor that uses them."""
    key = "pool/" + parameters.campaign_id
    rng = world.identities.rng(key)
    n_accounts = world.count(parameters.n_accounts)
    n_replaced = round(n_accounts * parameters.replaced_share)
    payments = _payments(world, rng, parameters, n_accounts)
    bursts = [world.start - int(rng.uniform(*parameters.signup_days_before) * DAY) for _ in range(max(1, parameters.n_signup_bursts))]
    replaced_at = world.start + int(world.days * _REPLACED_AT_SHARE * DAY)
    networks = ids.proxy_networks(parameters.n_proxy_networks)
    members = []
    clocks = list(bursts)
    for index in range(n_accounts):
        is_new = index >= n_accounts - n_replaced
        ends_early = index < n_replaced
        burst = index % len(bursts)
        clocks[burst] += int((8 + rng.expovariate(1 / 70)) * MICROSECONDS)
        created_at = replaced_at + int(rng.uniform(0.2, 1.4) * HOUR) if is_new else clocks[burst]
        account = private_account(
            world,
            f"{key}/{index}",
            "pool",
            created_at=created_at,
            email_domain=rng.choice(ids.THROWAWAY_DOMAINS) if rng.random() < parameters.throwaway_domain_share else ids.mail_domain(rng),
            plan=rng.choices(("plus", "pro", "api"), weights=(5, 4, 1), k=1)[0],
            payment=payments[index],
            campaign_id=parameters.campaign_id,
        )
        home = networks[rng.randrange(len(networks))]
        exits = (*rng.sample(home, 2), rng.choice(networks[rng.randrange(len(networks))]))
        members.append(
            PoolAccount(
                account,
                active_from=created_at + int(rng.uniform(0.1, 0.5) * HOUR) if is_new else world.start,
                active_until=replaced_at + int(rng.uniform(-6, 0.5) * HOUR) if ends_early else world.end,
                exits=exits,
                chaff_weight=rng.lognormvariate(0.0, 0.8),
            )
        )
    customers = tuple(ChaffCustomer(text.make_voice(rng, rng.choice(("en", "en", "zh", "zh", "es", "ja", "pt"))), rng.paretovariate(1.0)) for _ in range(parameters.n_chaff_customers))
    pool = Pool(rng, parameters, tuple(members), customers, world.service, released_at=world.released_at, answer_length=world.answer_length)
    return [member.account for member in members], pool


def _payments(world: World, rng: Random, parameters: PoolParameters, n_accounts: int) -> list[str]:
    """Return one payment fingerprint per account: some have their own, the others share one in small groups that are spread over the bursts."""
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
