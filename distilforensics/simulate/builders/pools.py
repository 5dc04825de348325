"""Builds the accounts of a pool: sign-up bursts, shared payment methods, proxy exits, replacements."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from distilforensics.simulate import identities as ids
from distilforensics.simulate import text
from distilforensics.simulate.actors.pool import CUSTOMER_HOURS, Pool, PoolAccount
from distilforensics.simulate.actors.work import Customer, TaskList, make_work
from distilforensics.simulate.builders.habits import SAMPLINGS
from distilforensics.simulate.builders.world import Built, Registration, private_account
from distilforensics.simulate.exchange import DAY, HOUR, MICROSECONDS
from distilforensics.simulate.grammar import load_vocabulary

if TYPE_CHECKING:
    from random import Random

    from distilforensics.simulate.builders.world import World
    from distilforensics.simulate.pools import PoolParameters

_REPLACED_AT_SHARE = 0.55
"""Share of the simulated days after which accounts are replaced."""
_SIGNUP_GAP_S = 70
"""Mean pause between two sign-ups of a burst."""
_CUSTOMER_LANGUAGES = ("en", "en", "zh", "zh", "es", "ja", "pt")
_RELAYED_LANGUAGES = ("zh", "zh", "zh", "en", "en", "en", *text.ALL_LANGUAGES)
_BAN_SPREAD_H = 3.0
"""Mean hours by which an account ends before the last one of its pool."""


def build_pool(world: World, parameters: PoolParameters) -> Built:
    """Return the accounts of a pool and the actor that uses them."""
    rng = world.identities.rng("/".join(filter(None, ("pool", parameters.campaign_id, parameters.generation))))
    if parameters.frame == "any":
        names = list(load_vocabulary("harvest")["frames"])
        parameters = replace(parameters, frame=world.identities.rng("frame/" + parameters.campaign_id).choice(names))
    members = _members(world, rng, parameters)
    languages = _RELAYED_LANGUAGES if parameters.work == "relay" else _CUSTOMER_LANGUAGES
    customers = tuple(
        Customer(text.make_voice(rng, rng.choice(languages)), rng.paretovariate(1.0))
        for _ in range(parameters.n_chaff_customers)
    )
    tasks = TaskList(rng, parameters.repeated_task_share, world.tasks(parameters.campaign_id), world.answer_length)
    work = make_work(rng, parameters, customers, tasks, world.passed_on)
    pool = Pool(
        rng,
        parameters,
        members,
        customers,
        world.service,
        work,
        released_at=world.released_at,
        answer_length=world.answer_length,
        customer_course=world.course(f"pool/{parameters.campaign_id}", CUSTOMER_HOURS),
    )
    return [member.account for member in members], [pool]


def _members(world: World, rng: Random, parameters: PoolParameters) -> tuple[PoolAccount, ...]:
    n_accounts = world.count(parameters.n_accounts)
    n_replaced = round(n_accounts * parameters.replaced_share)
    payments = _payments(world, rng, parameters, n_accounts)
    begin, end = (world.start + int(world.days * share * DAY) for share in parameters.active_share)
    clocks = [
        begin - int(rng.uniform(*parameters.signup_days_before) * DAY)
        for _ in range(max(1, parameters.n_signup_bursts))
    ]
    replaced_at = begin + int((end - begin) / DAY * _REPLACED_AT_SHARE * DAY)
    networks = ids.proxy_networks(parameters.n_proxy_networks)
    members = []
    for index in range(n_accounts):
        is_new = index >= n_accounts - n_replaced
        burst = index % len(clocks)
        clocks[burst] += int((8 + rng.expovariate(1 / _SIGNUP_GAP_S)) * MICROSECONDS)
        created_at = replaced_at + int(rng.uniform(0.2, 1.4) * HOUR) if is_new else clocks[burst]
        owner = "/".join(filter(None, ("pool", parameters.campaign_id, parameters.generation, str(index))))
        registration = Registration(created_at, _mail_domain(rng, parameters), _plan(rng), payments[index])
        member = PoolAccount(
            private_account(world, owner, 0, "pool", registration, parameters.campaign_id),
            active_from=created_at + int(rng.uniform(0.1, 0.5) * HOUR) if is_new else begin,
            active_until=replaced_at + int(rng.uniform(-6, 0.5) * HOUR) if index < n_replaced else end,
            exits=(*rng.sample(rng.choice(networks), 2), rng.choice(rng.choice(networks))),
            chaff_weight=rng.lognormvariate(0.0, parameters.chaff_sigma),
        )
        members.append(_individual(world, owner, parameters, member, end))
    return tuple(members)


def _individual(world: World, owner: str, parameters: PoolParameters, member: PoolAccount, end: int) -> PoolAccount:
    """Return the account with what sets it apart from the others of its pool, drawn from a generator of its own."""
    rng = world.identities.rng(f"member/{owner}")
    account = member.account
    if rng.random() < parameters.own_domain_share:
        account = replace(account, email_domain=ids.own_domain(rng))
    if rng.random() < parameters.free_share:
        account = replace(account, plan="free", payment_fingerprint=None)
    if end < world.end and member.active_until == end:
        member = replace(member, active_until=end - int(rng.expovariate(1 / _BAN_SPREAD_H) * HOUR))
    return replace(
        member,
        account=account,
        exits=() if parameters.exits == "own" else member.exits,
        home=ids.home_network(rng),
        user_agent="" if parameters.shares_client else ids.user_agent(rng),
        sampling=None if parameters.shares_client else rng.choice(SAMPLINGS),
        load_weight=rng.lognormvariate(0.0, parameters.load_sigma),
    )


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
