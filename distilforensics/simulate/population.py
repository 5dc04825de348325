"""Builds the ordinary customers of a scenario: accounts and the actors that use them.

Every person, team and program has its own generator, named after it, so that adding a pool or changing one group leaves all others as they are:
`benign` is `pool` without the pool, record for record.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from distilforensics.simulate import identities as ids
from distilforensics.simulate import text
from distilforensics.simulate.actors.classroom import Classroom, Student
from distilforensics.simulate.actors.frontends import EndUser, Frontend, FrontendTraits
from distilforensics.simulate.actors.jobs import Job
from distilforensics.simulate.actors.people import Connection, Person, PersonTraits
from distilforensics.simulate.arrivals import LEISURE_HOURS, OFFICE_HOURS, Rhythm
from distilforensics.simulate.exchange import DAY, HOUR, MICROSECONDS, Account, Exchange, Sampling
from distilforensics.simulate.serving import LARGE, MINI, ModelHabit, Service, make_habit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from distilforensics.simulate.actors.jobs import JobParameters
    from distilforensics.simulate.scenarios import PopulationParameters

_ZONES = ((-8, 10), (-5, 16), (-3, 8), (0, 10), (1, 26), (5, 8), (8, 14), (9, 8))
_LANGUAGES = {
    -8: (("en", 9), ("es", 1)),
    -5: (("en", 8), ("es", 2)),
    -3: (("pt", 7), ("es", 3)),
    0: (("en", 10),),
    1: (("en", 4), ("de", 3), ("fr", 2), ("es", 1)),
    5: (("en", 10),),
    8: (("zh", 5), ("en", 5)),
    9: (("ja", 8), ("en", 2)),
}
_PLANS = (("free", 45), ("plus", 35), ("pro", 15), ("api", 5))
_SAMPLINGS = (
    Sampling(),
    Sampling(),
    Sampling(stream=True),
    Sampling(stream=True),
    Sampling(temperature=0.7),
    Sampling(max_tokens=1024),
    Sampling(max_tokens=2048, temperature=0.2),
    Sampling(max_tokens=4096, temperature=0.7),
    Sampling(temperature=1.0, top_p=0.95, stream=True),
)
_TECHNICAL_SHARE = 0.35


class Actor(Protocol):
    """Something that sends requests."""

    def exchanges(self, start: int, days: int) -> Iterator[Exchange]:
        """Yield exchanges in order of time."""


@dataclass(frozen=True, slots=True)
class World:
    """What all builders need to know."""

    identities: ids.Identities
    formats: tuple[str, ...]
    scale: float
    start: int
    days: int
    released_at: int
    answer_length: float
    service: Service

    def count(self, number: int) -> int:
        """Return `number` times the scale, at least 1 unless `number` is 0."""
        return max(1, round(number * self.scale)) if number else 0

    def gateway(self, name: str) -> str:
        """Return the log format of the gateway that serves `name`: the first format serves three times as much as each other one."""
        weights = [3, *([1] * (len(self.formats) - 1))]
        return self.identities.rng("gateway/" + name).choices(self.formats, weights=weights, k=1)[0]

    @property
    def end(self) -> int:
        """End of the simulated days."""
        return self.start + self.days * DAY


@dataclass(frozen=True, slots=True)
class Tenant:
    """A company or school: its name, what it shares and the gateway that serves it."""

    key: str
    tenant_id: str
    gateway: str
    organization: str
    domain: str
    addresses: tuple[str, ...]
    payment: str
    plan: str
    utc_offset_hours: int


def make_tenant(world: World, key: str, plan: str) -> Tenant:
    """Return the tenant called `key`."""
    rng = world.identities.rng("tenant/" + key)
    gateway = world.gateway(key)
    organization = world.identities.organization(key)
    tenant_id = world.identities.cloud_account(key) if gateway == "bedrock_invocation" else "team-" + world.identities.digest("team/" + key)[:8]
    return Tenant(
        key,
        tenant_id,
        gateway,
        organization,
        organization.lower().replace(" ", "-") + ".example",
        tuple(ids.company_address(rng) for _ in range(rng.choice((1, 1, 1, 2)))),
        world.identities.payment("tenant/" + key),
        plan,
        rng.choices([zone for zone, _ in _ZONES], weights=[weight for _, weight in _ZONES], k=1)[0],
    )


def tenant_account(world: World, tenant: Tenant, name: str, role: str, created_at: int) -> Account:
    """Return an account of a tenant."""
    return Account(
        account_id=world.identities.account_id(name, tenant.gateway, tenant.tenant_id),
        role=role,
        gateway=tenant.gateway,
        created_at=created_at,
        email_domain=tenant.domain,
        plan=tenant.plan,
        api_key=world.identities.digest("key/" + name),
        tenant_id=tenant.tenant_id,
        organization=tenant.organization,
        payment_fingerprint=tenant.payment,
    )


def private_account(
    world: World, name: str, role: str, *, created_at: int, email_domain: str, plan: str, payment: str | None, campaign_id: str | None = None
) -> Account:
    """Return an account of a private person; only the cloud service gives it a tenant of its own."""
    gateway = world.gateway(name)
    cloud_account = world.identities.cloud_account(name)
    return Account(
        account_id=world.identities.account_id(name, gateway, cloud_account),
        role=role,
        gateway=gateway,
        created_at=created_at,
        email_domain=email_domain,
        plan=plan,
        api_key=world.identities.digest("key/" + name),
        tenant_id=cloud_account if gateway == "bedrock_invocation" else None,
        payment_fingerprint=payment,
        campaign_id=campaign_id,
    )


class PopulationBuilder:
    """Creates the ordinary customers: `accounts` is the directory, `actors` produce the traffic."""

    def __init__(self, world: World, parameters: PopulationParameters) -> None:
        self.accounts: list[Account] = []
        self.actors: list[Actor] = []
        self._world = world
        self._parameters = parameters
        self._proxy_exits = tuple(address for network in ids.proxy_networks(3) for address in network)

    def build(self) -> None:
        """Create everybody."""
        world, parameters = self._world, self._parameters
        for index in range(world.count(parameters.n_individuals)):
            self._add_individual(index)
        for index in range(world.count(parameters.n_tenants)):
            self._add_team(index)
        for index in range(world.count(parameters.n_classes)):
            self._add_class(index)
        for index in range(world.count(parameters.n_hobbyists)):
            self._add_hobbyist(index)
        for job in parameters.jobs:
            for index in range(world.count(1)):
                self._add_job(job, index)
        for index in range(world.count(1)):
            self._add_support_bot(index)
            self._add_reseller(index)

    def _add_person(
        self, rng: Random, accounts: tuple[Account, ...], *, zone: int, is_office: bool, fixed: str | None, home: str, house_system: str | None = None, rate: float | None = None
    ) -> None:
        world, parameters = self._world, self._parameters
        languages = _LANGUAGES[zone]
        language = rng.choices([name for name, _ in languages], weights=[weight for _, weight in languages], k=1)[0]
        is_technical = rng.random() < _TECHNICAL_SHARE
        usual_rate = min(parameters.sessions_maximum, parameters.sessions_median * rng.lognormvariate(0.0, parameters.sessions_sigma))
        product = self._product(rng)
        stops = rng.random() < 0.1
        traits = PersonTraits(
            accounts=accounts,
            voice=text.make_voice(rng, language, technical_share=1.0 if is_technical else 0.0),
            rhythm=Rhythm(usual_rate if rate is None else rate, OFFICE_HOURS if is_office else LEISURE_HOURS, 0.15 if is_office else 1.2, zone),
            connection=Connection(
                fixed=fixed,
                home=home,
                device=rng.randrange(16),
                carrier_share=0.0 if is_office else rng.choice((0.0, 0.0, 0.1, 0.4)),
                proxy_share=rng.uniform(0.2, 1.0) if not is_office and rng.random() < parameters.proxy_share else 0.0,
                proxy_exits=self._proxy_exits,
            ),
            user_agent=ids.user_agent(rng),
            habit=make_habit(rng, world.released_at, is_technical=is_technical),
            sampling=rng.choice(_SAMPLINGS),
            product=product,
            product_share=rng.uniform(0.5, 1.0),
            house_system=house_system,
            active_from=max(world.start, max(account.created_at for account in accounts)),
            active_until=world.start + int(rng.random() * world.days * DAY) if stops else world.end,
            answer_length=world.answer_length,
        )
        self.actors.append(Person(rng, traits, world.service))

    def _product(self, rng: Random) -> str | None:
        parameters, chance = self._parameters, rng.random()
        for product, share in (
            ("agent_product", parameters.agent_product_share),
            ("writing_product", parameters.writing_product_share),
            ("public_prompt", parameters.public_prompt_share),
        ):
            if chance < share:
                return product
            chance -= share
        return None

    def _add_individual(self, index: int) -> None:
        world, name = self._world, f"individual/{index}"
        rng = world.identities.rng(name)
        household = world.identities.rng(f"household/{index - 1 if rng.random() < 0.04 and index else index}")
        home, payment_name = ids.home_network(household), f"household/{household.random()}"
        plan = rng.choices([plan for plan, _ in _PLANS], weights=[weight for _, weight in _PLANS], k=1)[0]
        account = private_account(
            world,
            name,
            "individual",
            created_at=self._signup(rng),
            email_domain=ids.mail_domain(rng) if rng.random() < 0.93 else rng.choice(ids.THROWAWAY_DOMAINS),
            plan=plan,
            payment=None if plan == "free" else world.identities.payment(payment_name),
        )
        self.accounts.append(account)
        zone = rng.choices([zone for zone, _ in _ZONES], weights=[weight for _, weight in _ZONES], k=1)[0]
        self._add_person(rng, (account,), zone=zone, is_office=rng.random() < 0.25, fixed=None, home=home)

    def _signup(self, rng: Random) -> int:
        """Return a sign-up time: mostly long ago, some during the simulated days, some in a wave after a broadcast 18 days before."""
        chance = rng.random()
        if chance < 0.08:
            return self._world.start + int(rng.random() * self._world.days * 0.8 * DAY)
        if chance < 0.15:
            return self._world.start - 18 * DAY + int((19 + rng.expovariate(1 / 2.0)) * HOUR)
        return self._world.start - DAY - int(rng.expovariate(1 / 220) * DAY)

    def _add_team(self, index: int) -> None:
        world = self._world
        tenant = make_tenant(world, f"company/{index}", "enterprise" if index % 5 == 0 else "team")
        rng = world.identities.rng("members/" + tenant.key)
        size = min(self._parameters.largest_team, 1 + int(rng.paretovariate(0.9)))
        founded = world.start - int(rng.uniform(10, 500) * DAY)
        house_system = None
        if rng.random() < self._parameters.house_tool_share:
            house_system = text.job_grammar("house_tools").expand(rng, "system", {"organization": tenant.organization})
        for member in range(size):
            name = f"{tenant.key}/member/{member}"
            own = world.identities.rng(name)
            joined = founded + int(own.uniform(0, 20 * 60) * MICROSECONDS) if own.random() < 0.5 else int(own.uniform(founded, world.start))
            account = tenant_account(world, tenant, name, "team_member", joined)
            self.accounts.append(account)
            fixed = own.choice(tenant.addresses) if own.random() < 0.8 else None
            uses_tool = house_system if own.random() < 0.6 else None
            self._add_person(own, (account,), zone=tenant.utc_offset_hours, is_office=True, fixed=fixed, home=ids.home_network(own), house_system=uses_tool)

    def _add_class(self, index: int) -> None:
        world = self._world
        tenant = make_tenant(world, f"school/{index}", "education")
        rng = world.identities.rng("class/" + tenant.key)
        begin = world.start - 6 * DAY + 9 * HOUR
        students = []
        for number in range(max(8, round(self._parameters.class_size * min(1.0, world.scale)))):
            name = f"{tenant.key}/student/{number}"
            own = world.identities.rng(name)
            account = tenant_account(world, tenant, name, "student", begin + int(own.uniform(0, 9 * 60) * MICROSECONDS))
            self.accounts.append(account)
            students.append(Student(account, text.make_voice(own, "en", technical_share=0.0), ids.user_agent(own)))
        self.actors.append(
            Classroom(rng, tuple(students), tenant.addresses[0], LARGE, world.service, lesson_hour_utc=rng.choice((8, 9, 13)), answer_length=world.answer_length)
        )

    def _add_hobbyist(self, index: int) -> None:
        world, parameters, name = self._world, self._parameters, f"hobbyist/{index}"
        rng = world.identities.rng(name)
        domain = ids.mail_domain(rng)
        accounts = tuple(
            private_account(
                world, name, "hobbyist", created_at=self._signup(rng), email_domain=domain, plan="plus", payment=world.identities.payment(name)
            )
            if number == 0
            else self._sibling(name, number, domain, self._signup(rng))
            for number in range(parameters.hobbyist_accounts)
        )
        self.accounts.extend(accounts)
        self._add_person(rng, accounts, zone=1, is_office=False, fixed=None, home=ids.home_network(rng), rate=parameters.hobbyist_sessions_per_day)

    def _sibling(self, name: str, number: int, domain: str, created_at: int) -> Account:
        """Return a further account of a hobbyist on the same gateway."""
        world, gateway = self._world, self._world.gateway(name)
        cloud_account = world.identities.cloud_account(name)
        own = f"{name}/{number}"
        return Account(
            account_id=world.identities.account_id(own, gateway, cloud_account),
            role="hobbyist",
            gateway=gateway,
            created_at=created_at,
            email_domain=domain,
            plan="plus",
            api_key=world.identities.digest("key/" + own),
            tenant_id=cloud_account if gateway == "bedrock_invocation" else None,
            payment_fingerprint=world.identities.payment(name),
        )

    def _add_job(self, job: JobParameters, index: int) -> None:
        world = self._world
        tenant = make_tenant(world, f"{job.name}/{index}", "enterprise")
        rng = world.identities.rng("job/" + tenant.key)
        job = dataclasses.replace(job, requests_per_run=max(1, round(job.requests_per_run * min(1.0, world.scale))))
        created = world.start - int(rng.uniform(20, 200) * DAY)
        accounts = tuple(tenant_account(world, tenant, f"{tenant.key}/service/{number}", job.role, created + number * 90 * MICROSECONDS) for number in range(job.n_accounts))
        self.accounts.extend(accounts)
        addresses = tuple(ids.hosting_address(rng) for _ in range(2))
        released_day = (world.released_at - world.start) // DAY
        is_curious = job.name == "evaluation"
        habit = ModelHabit(LARGE if is_curious else MINI, world.released_at if is_curious else None)
        self.actors.append(Job(rng, job, accounts, addresses, habit, world.service, released_day))

    def _add_support_bot(self, index: int) -> None:
        parameters = self._parameters
        self._add_frontend(f"support/{index}", "support_bot", parameters.support_conversations_per_day, 900, "support_bot", Sampling(max_tokens=400, temperature=0.3), 0.35)

    def _add_reseller(self, index: int) -> None:
        parameters = self._parameters
        self._add_frontend(f"reseller/{index}", "reseller", parameters.reseller_conversations_per_day, parameters.reseller_end_users, None, Sampling(stream=True), 0.55)

    def _add_frontend(self, key: str, role: str, per_day: float, n_end_users: int, job: str | None, sampling: Sampling, more_turns: float) -> None:
        world = self._world
        tenant = make_tenant(world, key, "enterprise")
        rng = world.identities.rng("frontend/" + key)
        account = tenant_account(world, tenant, key + "/service", role, world.start - int(rng.uniform(60, 400) * DAY))
        self.accounts.append(account)
        end_users = tuple(
            EndUser(f"cust-{world.identities.digest(f'{key}/{number}')[:6]}", text.make_voice(rng, rng.choice(text.LANGUAGES)), rng.paretovariate(1.1))
            for number in range(n_end_users)
        )
        traits = FrontendTraits(
            account, end_users, per_day * min(1.0, world.scale), job, tuple(ids.hosting_address(rng) for _ in range(3)), "AsyncOpenAI/Python 1.97.0" if job is None else "okhttp/4.12.0",
            sampling, tenant.utc_offset_hours, more_turns, world.answer_length,
        )  # fmt: skip
        self.actors.append(Frontend(rng, traits, ModelHabit(MINI if job else LARGE, None), world.service))
