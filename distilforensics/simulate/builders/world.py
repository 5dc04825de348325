"""What all builders share: the scenario's clock, scale and gateways, and how accounts of tenants and of private people are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from distilforensics.simulate import identities as ids
from distilforensics.simulate.corpus import BULK, HARVESTED, Corpus, Deck
from distilforensics.simulate.exchange import DAY, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.simulate.exchange import Exchange
    from distilforensics.simulate.serving import Service

ZONES = ((-8, 10), (-5, 16), (-3, 8), (0, 10), (1, 26), (5, 8), (8, 14), (9, 8))
"""Hours from UTC and how many of a hundred customers live there."""

_FIRST_GATEWAY_WEIGHT = 3


class Actor(Protocol):
    """Something that sends requests."""

    def exchanges(self, start: int, days: int) -> Iterator[Exchange]:
        """Yield exchanges in order of time."""


Built = tuple[list[Account], list[Actor]]
"""Accounts of the directory and the actors that use them."""


@dataclass(frozen=True, slots=True)
class World:
    """One run of a scenario."""

    identities: ids.Identities
    formats: tuple[str, ...]
    scale: float
    start: int
    days: int
    released_at: int
    answer_length: float
    service: Service
    corpus: Corpus = field(default_factory=Corpus)
    asked: Deck = field(default_factory=lambda: Deck((), ""))
    """Questions of people to ordinary customers; each is dealt once until all were."""
    passed_on: Deck = field(default_factory=lambda: Deck((), ""))
    """Questions of the customers of resellers and pools; others than `asked`."""

    work_lists: dict[str, Deck] = field(default_factory=dict)

    def tasks(self, name: str) -> Deck:
        """Return the work list of a campaign: a few families of harvested prompts, in an order of its own.

        Pools that follow each other in one campaign share the list: the later one goes on where the earlier one stopped.
        """
        if name not in self.work_lists:
            self.work_lists[name] = self._work_list(name)
        return self.work_lists[name]

    def course(self, name: str, usual: tuple[float, ...]) -> tuple[float, ...]:
        """Return how the requests of a program that serves people rise and fall: as those of a real client, or as usual."""
        return self.identities.rng("course/" + name).choice(self.corpus.courses) if self.corpus.courses else usual

    def _work_list(self, name: str) -> Deck:
        rng = self.identities.rng("families/" + name)
        families = self.corpus.family_names(HARVESTED)
        chosen = sorted(rng.sample(families, min(len(families), rng.randint(1, 3))))
        return Deck(self.corpus.texts(HARVESTED, chosen) if chosen else (), self.identities.digest("tasks/" + name))

    def bulk(self, name: str, families: tuple[str, ...]) -> Deck:
        """Return the inputs of a batch program; empty if the corpus has none of its families."""
        return Deck(self.corpus.texts(BULK, families), self.identities.digest("bulk/" + name))

    @property
    def end(self) -> int:
        """End of the simulated days."""
        return self.start + self.days * DAY

    @property
    def released_day(self) -> int:
        """Day (0 = first) on which the new model appears."""
        return (self.released_at - self.start) // DAY

    @property
    def shrink(self) -> float:
        """Factor on the size of single groups: groups shrink below scale 1 and become more, not larger, above it."""
        return min(1.0, self.scale)

    def count(self, number: int) -> int:
        """Return `number` times the scale, at least 1 unless `number` is 0."""
        return max(1, round(number * self.scale)) if number else 0

    def gateway(self, name: str) -> str:
        """Return the log format of the gateway that serves `name`: the first format serves three times as much as each other one."""
        weights = [_FIRST_GATEWAY_WEIGHT, *([1] * (len(self.formats) - 1))]
        return self.identities.rng("gateway/" + name).choices(self.formats, weights=weights, k=1)[0]


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
    is_cloud = gateway == "bedrock_invocation"
    return Tenant(
        key=key,
        tenant_id=world.identities.cloud_account(key)
        if is_cloud
        else "team-" + world.identities.digest("team/" + key)[:8],
        gateway=gateway,
        organization=organization,
        domain=organization.lower().replace(" ", "-") + ".example",
        addresses=tuple(ids.company_address(rng) for _ in range(rng.choice((1, 1, 1, 2)))),
        payment=world.identities.payment("tenant/" + key),
        plan=plan,
        utc_offset_hours=rng.choices([zone for zone, _ in ZONES], weights=[weight for _, weight in ZONES], k=1)[0],
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


@dataclass(frozen=True, slots=True)
class Registration:
    """What a private person stated at sign-up."""

    created_at: int
    email_domain: str
    plan: str
    payment: str | None


def private_account(
    world: World, owner: str, number: int, role: str, registration: Registration, campaign_id: str | None = None
) -> Account:
    """Return the account `number` of a private person; only the cloud service gives the owner a tenant."""
    gateway, cloud_account = world.gateway(owner), world.identities.cloud_account(owner)
    name = f"{owner}/{number}"
    return Account(
        account_id=world.identities.account_id(name, gateway, cloud_account),
        role=role,
        gateway=gateway,
        created_at=registration.created_at,
        email_domain=registration.email_domain,
        plan=registration.plan,
        api_key=world.identities.digest("key/" + name),
        tenant_id=cloud_account if gateway == "bedrock_invocation" else None,
        payment_fingerprint=registration.payment,
        campaign_id=campaign_id,
    )
