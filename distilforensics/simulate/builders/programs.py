"""Builds programs: batch jobs of one tenant, a support bot and a small reseller."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from distilforensics.simulate import identities as ids
from distilforensics.simulate import text
from distilforensics.simulate.actors.frontends import EndUser, Frontend, FrontendTraits
from distilforensics.simulate.actors.jobs import Job
from distilforensics.simulate.builders.world import Built, make_tenant, tenant_account
from distilforensics.simulate.exchange import DAY, MICROSECONDS, Sampling
from distilforensics.simulate.serving import LARGE, MINI, ModelHabit

if TYPE_CHECKING:
    from distilforensics.simulate.actors.jobs import JobParameters
    from distilforensics.simulate.builders.world import Actor, World
    from distilforensics.simulate.exchange import Account
    from distilforensics.simulate.scenarios import FrontendParameters, PopulationParameters

_SECONDS_BETWEEN_SERVICE_ACCOUNTS = 90
_FRONTEND_SERVERS = 3


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
            account, program = _frontend(world, frontend, index)
            accounts.append(account)
            actors.append(program)
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
    return accounts, Job(rng, parameters, accounts, addresses, habit, world.service, world.released_day)


def _frontend(world: World, parameters: FrontendParameters, index: int) -> tuple[Account, Frontend]:
    key = f"{parameters.role}/{index}"
    tenant = make_tenant(world, key, "enterprise")
    rng = world.identities.rng("frontend/" + key)
    account = tenant_account(
        world, tenant, key + "/service", parameters.role, world.start - int(rng.uniform(60, 400) * DAY)
    )
    end_users = tuple(
        EndUser(
            f"cust-{world.identities.digest(f'{key}/{number}')[:6]}",
            text.make_voice(rng, rng.choice(text.LANGUAGES)),
            rng.paretovariate(1.1),
        )
        for number in range(parameters.n_end_users)
    )
    traits = FrontendTraits(
        account=account,
        end_users=end_users,
        conversations_per_day=parameters.conversations_per_day * world.shrink,
        job=parameters.job,
        addresses=tuple(ids.hosting_address(rng) for _ in range(_FRONTEND_SERVERS)),
        user_agent=parameters.user_agent,
        sampling=Sampling(parameters.max_tokens, parameters.temperature, stream=parameters.is_streaming),
        utc_offset_hours=tenant.utc_offset_hours,
        more_turns=parameters.more_turns,
        answer_length=world.answer_length,
    )
    return account, Frontend(rng, traits, ModelHabit(MINI if parameters.job else LARGE, None), world.service)
