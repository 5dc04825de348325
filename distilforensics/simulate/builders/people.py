"""Builds people: private individuals, company teams, a class and hobbyists with several accounts.

Every person and team has its own generator, named after it, so that adding a pool or changing one group leaves all others as they are:
`benign` is `pool` without the pool, record for record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from distilforensics.simulate import identities as ids
from distilforensics.simulate import text
from distilforensics.simulate.actors.classroom import Classroom, Student
from distilforensics.simulate.actors.people import Connection, Person, PersonTraits
from distilforensics.simulate.arrivals import LEISURE_HOURS, OFFICE_HOURS, Rhythm
from distilforensics.simulate.builders.habits import (
    QUESTIONS_PER_PERSON,
    SAMPLINGS,
    choose_language,
    choose_plan,
    choose_zone,
)
from distilforensics.simulate.builders.world import (
    Built,
    Registration,
    make_tenant,
    private_account,
    tenant_account,
)
from distilforensics.simulate.exchange import DAY, HOUR, MICROSECONDS
from distilforensics.simulate.serving import LARGE, make_habit

if TYPE_CHECKING:
    from random import Random

    from distilforensics.simulate.builders.world import Actor, Tenant, World
    from distilforensics.simulate.customers import PopulationParameters
    from distilforensics.simulate.exchange import Account

_TECHNICAL_SHARE = 0.35
_SHARED_HOUSEHOLD = 0.04
_LEAVING_SHARE = 0.1
"""People who stop before the end."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where and when somebody works."""

    zone: int
    is_office: bool
    fixed_address: str | None
    home: str
    house_system: str | None = None
    sessions_per_day: float | None = None


def build_people(world: World, parameters: PopulationParameters) -> Built:
    """Return all people with their accounts."""
    builder = _PeopleBuilder(world, parameters)
    for index in range(world.count(parameters.n_individuals)):
        builder.add_individual(index)
    for index in range(world.count(parameters.n_tenants)):
        builder.add_team(index)
    for index in range(world.count(parameters.n_classes)):
        builder.add_class(index)
    for index in range(world.count(parameters.n_hobbyists)):
        builder.add_hobbyist(index)
    return builder.accounts, builder.actors


class _PeopleBuilder:
    def __init__(self, world: World, parameters: PopulationParameters) -> None:
        self.accounts: list[Account] = []
        self.actors: list[Actor] = []
        self._world = world
        self._parameters = parameters
        vendor = world.identities.rng("vendor/notes_product")
        self._vendor_addresses = tuple(ids.hosting_address(vendor) for _ in range(3))
        networks = ids.proxy_networks(parameters.n_proxy_networks)
        self._proxy_exits = tuple(address for network in networks for address in network)

    def add_individual(self, index: int) -> None:
        world, name = self._world, f"individual/{index}"
        rng = world.identities.rng(name)
        household = index - 1 if index and rng.random() < _SHARED_HOUSEHOLD else index
        home = ids.home_network(world.identities.rng(f"household/{household}"))
        plan = choose_plan(rng)
        registration = Registration(
            self._signup(rng),
            ids.mail_domain(rng) if rng.random() < 0.93 else rng.choice(ids.THROWAWAY_DOMAINS),
            plan,
            None if plan == "free" else world.identities.payment(f"household/{household}"),
        )
        if world.identities.rng(f"domain/{name}").random() < self._parameters.own_domain_share:
            registration = replace(
                registration, email_domain=ids.own_domain(world.identities.rng(f"domain/{name}/own"))
            )
        account = private_account(world, name, 0, "individual", registration)
        self.accounts.append(account)
        zone = choose_zone(rng)
        self._add_person(rng, (account,), _Place(zone, is_office=rng.random() < 0.25, fixed_address=None, home=home))

    def add_team(self, index: int) -> None:
        world, parameters = self._world, self._parameters
        tenant = make_tenant(world, f"company/{index}", "enterprise" if index % 5 == 0 else "team")
        rng = world.identities.rng("members/" + tenant.key)
        size = min(parameters.largest_team, 1 + int(rng.paretovariate(parameters.team_pareto)))
        founded = world.start - int(rng.uniform(10, 500) * DAY)
        house_system = None
        if rng.random() < parameters.house_tool_share:
            house_system = text.job_grammar("house_tools").expand(rng, "system", {"organization": tenant.organization})
        for member in range(size):
            self._add_member(tenant, member, founded, house_system)

    def add_class(self, index: int) -> None:
        world = self._world
        tenant = make_tenant(world, f"school/{index}", "education")
        rng = world.identities.rng("class/" + tenant.key)
        begin = world.start - 6 * DAY + 9 * HOUR
        students = []
        for number in range(max(8, round(self._parameters.class_size * world.shrink))):
            name = f"{tenant.key}/student/{number}"
            own = world.identities.rng(name)
            account = tenant_account(world, tenant, name, "student", begin + int(own.uniform(0, 9 * 60) * MICROSECONDS))
            self.accounts.append(account)
            students.append(Student(account, text.make_voice(own, "en", technical_share=0.0), ids.user_agent(own)))
        hour = rng.choice((8, 9, 13))
        self.actors.append(
            Classroom(
                rng, tuple(students), tenant.addresses[0], LARGE, world.service,
                lesson_hour_utc=hour, lesson_days=self._parameters.lesson_days, answer_length=world.answer_length,
            )
        )  # fmt: skip

    def add_hobbyist(self, index: int) -> None:
        world, parameters, name = self._world, self._parameters, f"hobbyist/{index}"
        rng = world.identities.rng(name)
        sizes = parameters.hobbyist_sizes or (parameters.hobbyist_accounts,)
        domain, payment = ids.mail_domain(rng), world.identities.payment(name)
        accounts = tuple(
            private_account(world, name, number, "hobbyist", Registration(self._signup(rng), domain, "plus", payment))
            for number in range(sizes[index % len(sizes)])
        )
        self.accounts.extend(accounts)
        place = _Place(
            1,
            is_office=False,
            fixed_address=None,
            home=ids.home_network(rng),
            sessions_per_day=parameters.hobbyist_sessions_per_day,
        )
        self._add_person(rng, accounts, place)

    def _add_member(self, tenant: Tenant, member: int, founded: int, house_system: str | None) -> None:
        """Add one member of a team; half of them joined within minutes of the start, when the team was invited."""
        world, name = self._world, f"{tenant.key}/member/{member}"
        rng = world.identities.rng(name)
        is_founder = rng.random() < 0.5
        joined = (
            founded + int(rng.uniform(0, 20 * 60) * MICROSECONDS)
            if is_founder
            else int(rng.uniform(founded, world.start))
        )
        account = tenant_account(world, tenant, name, "team_member", joined)
        self.accounts.append(account)
        place = _Place(
            tenant.utc_offset_hours,
            is_office=True,
            fixed_address=rng.choice(tenant.addresses) if rng.random() < 0.8 else None,
            home=ids.home_network(rng),
            house_system=house_system if rng.random() < 0.6 else None,
        )
        self._add_person(rng, (account,), place)

    def _signup(self, rng: Random) -> int:
        """Return a sign-up time: mostly long ago, some during the simulated days, some in a wave after a broadcast 18 days before."""
        chance = rng.random()
        if chance < 0.08:
            return self._world.start + int(rng.random() * self._world.days * 0.8 * DAY)
        if chance < 0.15:
            return self._world.start - 18 * DAY + int((19 + rng.expovariate(1 / 2.0)) * HOUR)
        return self._world.start - DAY - int(rng.expovariate(1 / 220) * DAY)

    def _add_person(self, rng: Random, accounts: tuple[Account, ...], place: _Place) -> None:
        world, parameters = self._world, self._parameters
        language = choose_language(rng, place.zone)
        is_technical = rng.random() < _TECHNICAL_SHARE
        usual = parameters.sessions_median * rng.lognormvariate(0.0, parameters.sessions_sigma)
        rate = place.sessions_per_day or min(parameters.sessions_maximum, usual)
        hours, weekend_factor = (OFFICE_HOURS, 0.15) if place.is_office else (LEISURE_HOURS, 1.2)
        traits = PersonTraits(
            accounts=accounts,
            voice=text.make_voice(rng, language, technical_share=1.0 if is_technical else 0.0),
            rhythm=Rhythm(rate, hours, weekend_factor, place.zone),
            connection=self._connection(rng, place),
            user_agent=ids.user_agent(rng),
            habit=make_habit(rng, world.released_at, is_technical=is_technical),
            sampling=rng.choice(SAMPLINGS),
            product=self._product(rng),
            product_share=rng.uniform(0.5, 1.0),
            vendor_addresses=self._vendor_addresses,
            house_system=place.house_system,
            active_from=max(world.start, *(account.created_at for account in accounts)),
            active_until=world.start + int(rng.random() * world.days * DAY)
            if rng.random() < _LEAVING_SHARE
            else world.end,
            answer_length=world.answer_length,
            chat_thinks=world.identities.rng(f"thinking/{accounts[0].account_id}").random() < parameters.thinking_share,
            agent_thinks=parameters.agents_think,
            questions=world.asked.hand(QUESTIONS_PER_PERSON),
        )
        self.actors.append(Person(rng, traits, world.service))

    def _connection(self, rng: Random, place: _Place) -> Connection:
        uses_proxy = not place.is_office and rng.random() < self._parameters.proxy_share
        return Connection(
            fixed=place.fixed_address,
            home=place.home,
            device=rng.randrange(16),
            carrier_share=0.0 if place.is_office else rng.choice((0.0, 0.0, 0.1, 0.4)),
            proxy_share=rng.uniform(0.2, 1.0) if uses_proxy else 0.0,
            proxy_exits=self._proxy_exits,
        )

    def _product(self, rng: Random) -> str | None:
        chance = rng.random()
        for product, share in self._parameters.product_shares:
            if chance < share:
                return product
            chance -= share
        return None
