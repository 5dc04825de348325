"""Builds crowds: many people with a course, an event, an employer or a task in common, each acting alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.simulate import identities as ids
from distilforensics.simulate import text
from distilforensics.simulate.actors.people import Connection, Person, PersonTraits
from distilforensics.simulate.arrivals import LEISURE_HOURS, OFFICE_HOURS, SERVICE_HOURS, Rhythm
from distilforensics.simulate.builders.habits import (
    QUESTIONS_PER_PERSON,
    SAMPLINGS,
    choose_language,
    choose_plan,
    choose_zone,
)
from distilforensics.simulate.builders.world import Built, Registration, make_tenant, private_account, tenant_account
from distilforensics.simulate.exchange import DAY
from distilforensics.simulate.serving import LARGE, ModelHabit, make_habit

if TYPE_CHECKING:
    from random import Random

    from distilforensics.simulate.builders.world import Actor, Tenant, World
    from distilforensics.simulate.customers import CrowdParameters
    from distilforensics.simulate.exchange import Account

_HOURS = {"leisure": (LEISURE_HOURS, 1.2), "office": (OFFICE_HOURS, 0.15), "service": (SERVICE_HOURS, 1.0)}
"""Hours of the day and the factor of the week-end."""
_SERVERS = 3


def build_crowd(world: World, parameters: CrowdParameters, index: int) -> Built:
    """Return the members of one crowd with their accounts."""
    key = f"crowd/{parameters.role}/{index}"
    rng = world.identities.rng(key)
    tenant = make_tenant(world, key, "enterprise") if parameters.is_one_tenant else None
    servers = tuple(ids.hosting_address(rng) for _ in range(_SERVERS))
    accounts: list[Account] = []
    actors: list[Actor] = []
    system: str | None = None
    for number in range(world.count(parameters.n_members)):
        if parameters.group_size and parameters.job and number % parameters.group_size == 0:
            system = text.job_grammar(parameters.job).expand(rng, "system")
        member = world.identities.rng(f"{key}/{number}")
        account = _account(world, parameters, f"{key}/{number}", tenant, member)
        fixed = _fixed_address(parameters, tenant, servers, member)
        accounts.append(account)
        actors.append(Person(member, _traits(world, parameters, account, fixed, tenant, system, member), world.service))
    return accounts, actors


def _window(world: World, parameters: CrowdParameters) -> tuple[int, int]:
    if parameters.is_of_release_day:
        return world.released_at, world.released_at + DAY
    begin, end = (world.start + int(world.days * share * DAY) for share in parameters.active_share)
    return begin, end


def _account(world: World, parameters: CrowdParameters, name: str, tenant: Tenant | None, rng: Random) -> Account:
    latest, earliest = parameters.signup_days_before
    created_at = _window(world, parameters)[0] - int(rng.uniform(latest, earliest) * DAY)
    if tenant is not None:
        return tenant_account(world, tenant, name, parameters.role, created_at)
    plan = parameters.plan or choose_plan(rng)
    payment = None if plan == "free" else world.identities.payment(name)
    return private_account(
        world, name, 0, parameters.role, Registration(created_at, ids.mail_domain(rng), plan, payment)
    )


def _fixed_address(
    parameters: CrowdParameters, tenant: Tenant | None, servers: tuple[str, ...], rng: Random
) -> str | None:
    if parameters.network == "servers":
        return rng.choice(servers)
    if parameters.network == "tenant" and tenant is not None:
        return rng.choice(tenant.addresses)
    if parameters.network == "venue":
        return servers[0]
    return None


def _traits(
    world: World,
    parameters: CrowdParameters,
    account: Account,
    fixed: str | None,
    tenant: Tenant | None,
    system: str | None,
    rng: Random,
) -> PersonTraits:
    zone = tenant.utc_offset_hours if tenant is not None else choose_zone(rng)
    begin, end = _window(world, parameters)
    hours, weekend_factor = _HOURS[parameters.hours]
    rate = parameters.sessions_median * rng.lognormvariate(0.0, parameters.sessions_sigma)
    habit = make_habit(rng, world.released_at, is_technical=False)
    return PersonTraits(
        accounts=(account,),
        voice=text.make_voice(rng, choose_language(rng, zone)),
        rhythm=Rhythm(rate, hours, weekend_factor, zone),
        connection=Connection(fixed, ids.home_network(rng), rng.randrange(16), 0.0, 0.0, ()),
        user_agent=parameters.user_agent or ids.user_agent(rng),
        habit=ModelHabit(LARGE, world.released_at) if parameters.is_of_release_day else habit,
        sampling=rng.choice(SAMPLINGS),
        product=parameters.job,
        product_share=parameters.job_share if parameters.job else 0.0,
        vendor_addresses=(),
        house_system=None,
        active_from=max(begin, account.created_at),
        active_until=end,
        answer_length=world.answer_length,
        daily_quota=parameters.daily_quota,
        works_through=parameters.works_through,
        product_system=system,
        chat_thinks=world.identities.rng(f"thinking/{account.account_id}").random() < parameters.thinking_share,
        questions=world.asked.hand(QUESTIONS_PER_PERSON),
    )
