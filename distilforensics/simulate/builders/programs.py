"""Builds programs: batch jobs of one tenant, a support bot and a small reseller."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from distilforensics.simulate import identities as ids
from distilforensics.simulate import text
from distilforensics.simulate.actors.frontends import EndUser, Frontend, FrontendTraits
from distilforensics.simulate.actors.jobs import Job
from distilforensics.simulate.arrivals import SERVICE_HOURS
from distilforensics.simulate.builders.world import Built, make_tenant, tenant_account
from distilforensics.simulate.exchange import DAY, MICROSECONDS, Sampling
from distilforensics.simulate.serving import LARGE, MINI, ModelHabit

if TYPE_CHECKING:
    from distilforensics.simulate.actors.jobs import JobParameters
    from distilforensics.simulate.builders.world import Actor, World
    from distilforensics.simulate.customers import FrontendParameters, PopulationParameters
    from distilforensics.simulate.exchange import Account

_SECONDS_BETWEEN_SERVICE_ACCOUNTS = 90
_FRONTEND_SERVERS = 3
_SUB_ACCOUNT_SIGMA = 1.0
"""Spread of the natural logarithm of the traffic of a program's business customers."""
_QUESTIONS_PER_PROGRAM = 60


def build_programs(world: World, parameters: PopulationParameters) -> Built:
    """Return all programs with their accounts."""
    accounts: list[Account] = []
    actors: list[Actor] = []
    for index in range(world.count(1)):
        for job in parameters.jobs:
            job_accounts, actor = _job(world, job, index)
            accounts.extend(job_accounts)
            actors.append(actor)
        for frontend in parameters.frontends:
            frontend_accounts, programs = _frontend(world, frontend, index)
            accounts.extend(frontend_accounts)
            actors.extend(programs)
    return accounts, actors


def _job(world: World, parameters: JobParameters, index: int) -> tuple[tuple[Account, ...], Job]:
    tenant = make_tenant(world, f"{parameters.name}/{index}", "enterprise")
    rng = world.identities.rng("job/" + tenant.key)
    parameters = dataclasses.replace(
        parameters, requests_per_run=max(1, round(parameters.requests_per_run * world.shrink))
    )
    created = world.start - int(rng.uniform(20, 200) * DAY)
    accounts = tuple(
        tenant_account(
            world,
            tenant,
            f"{tenant.key}/service/{number}",
            parameters.role,
            created + number * _SECONDS_BETWEEN_SERVICE_ACCOUNTS * MICROSECONDS,
        )
        for number in range(parameters.n_accounts)
    )
    addresses = tuple(ids.hosting_address(rng) for _ in range(2))
    habit = ModelHabit(LARGE, world.released_at) if parameters.tries_new_model else ModelHabit(MINI, None)
    return accounts, Job(
        rng,
        parameters,
        accounts,
        addresses,
        habit,
        world.service,
        world.released_day,
        world.bulk(tenant.key, parameters.families),
    )


def _frontend(world: World, parameters: FrontendParameters, index: int) -> tuple[list[Account], list[Actor]]:
    """Return the accounts of one program, one for the whole service or one for each of its business customers."""
    key = f"{parameters.role}/{index}"
    tenant = make_tenant(world, key, "enterprise")
    rng = world.identities.rng("frontend/" + key)
    founded = world.start - int(rng.uniform(60, 400) * DAY)
    addresses: tuple[str, ...] = ()
    accounts: list[Account] = []
    programs: list[Actor] = []
    n_accounts = parameters.n_accounts if parameters.n_accounts == 1 else world.count(parameters.n_accounts)
    for number in range(n_accounts):
        own = rng if number == 0 else world.identities.rng(f"frontend/{key}/{number}")
        created_at = founded if number == 0 else founded + int(own.random() * (world.start - founded))
        name = key + "/service" if number == 0 else f"{key}/service/{number}"
        account = tenant_account(world, tenant, name, parameters.role, created_at)
        end_users = tuple(
            EndUser(
                f"cust-{world.identities.digest(f'{key}/{number}/{user}' if number else f'{key}/{user}')[:6]}",
                text.make_voice(own, own.choice(text.LANGUAGES)),
                own.paretovariate(1.1),
            )
            for user in range(parameters.n_end_users)
        )
        addresses = addresses or tuple(ids.hosting_address(own) for _ in range(_FRONTEND_SERVERS))
        spread = 1.0 if n_accounts == 1 else own.lognormvariate(0.0, _SUB_ACCOUNT_SIGMA)
        traits = FrontendTraits(
            account=account,
            end_users=end_users,
            conversations_per_day=parameters.conversations_per_day * world.shrink * spread / n_accounts,
            job=parameters.job,
            addresses=addresses,
            user_agent=parameters.user_agent,
            sampling=Sampling(parameters.max_tokens, parameters.temperature, stream=parameters.is_streaming),
            utc_offset_hours=tenant.utc_offset_hours,
            more_turns=parameters.more_turns,
            course=world.course(name, SERVICE_HOURS),
            answer_length=world.answer_length,
            questions=world.passed_on.hand(_QUESTIONS_PER_PROGRAM) if parameters.job is None else (),
        )
        habit = ModelHabit(MINI if parameters.job else LARGE, None)
        accounts.append(account)
        programs.append(Frontend(own, traits, habit, world.service))
    return accounts, programs
