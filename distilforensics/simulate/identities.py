"""Who the simulated accounts are to the service: ids, keys, payment, e-mail domain, sign-up, plan, addresses and clients.

Addresses come from the ranges reserved for documentation only (RFC 5737, RFC 3849). IPv4 has three such /24s, so most private
connections are IPv6 with an own /56; companies, schools and mobile carriers share IPv4 addresses.
"""

from __future__ import annotations

import hashlib
import ipaddress
from random import Random

CARRIER_NETWORK = "192.0.2."
COMPANY_NETWORK = "198.51.100."
PROXY_NETWORK = "203.0.113."
_PROXY_PREFIXES = ("2001:db8:e100", "2001:db8:e1f7", "2001:db8:ec30", "2001:db8:f02a")
_PROVIDER_PREFIXES = (
    "2001:db8:10",
    "2001:db8:21",
    "2001:db8:3c",
    "2001:db8:47",
    "2001:db8:5e",
    "2001:db8:60",
    "2001:db8:77",
)
_HOSTING_PREFIX = "2001:db8:a0"
_PROXY_EXITS_PER_NETWORK = 24

MAIL_DOMAINS = (
    "mail.example",
    "post.example",
    "inbox.example",
    "webmail.example",
    "letters.example",
    "freemail.example",
)
THROWAWAY_DOMAINS = ("quickbox.example", "tempnote.example", "oneday.example")
_MAIL_WEIGHTS = (40, 22, 14, 12, 7, 5)

USER_AGENTS = (
    ("OpenAI/Python 2.1.0", 20),
    ("AsyncOpenAI/Python 2.1.0", 14),
    ("OpenAI/Python 1.109.1", 10),
    ("OpenAI/JS 5.23.2", 10),
    ("OpenAI/Python 1.97.0", 6),
    ("AsyncOpenAI/Python 1.97.0", 3),
    ("python-requests/2.32.5", 8),
    ("node", 6),
    ("langchain/0.3.27", 5),
    ("curl/8.14.1", 3),
    ("Go-http-client/2.0", 3),
    ("axios/1.11.0", 4),
    ("okhttp/4.12.0", 2),
    ("PostmanRuntime/7.45.0", 1),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36",
        12,
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.2 Safari/605.1.15",
        9,
    ),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0", 5),
)

_COMPANY_WORDS = (
    "Alder", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbour", "Indigo", "Juniper", "Kestrel", "Linden", "Mistral", "North",
    "Orchard", "Pebble", "Quarry", "Raven", "Saffron", "Tundra", "Umber", "Valley", "Willow", "Yarrow", "Zenith", "Amber", "Brook", "Cedar",
)  # fmt: skip
_COMPANY_KINDS = (
    "Logistics",
    "Foods",
    "Insurance",
    "Textiles",
    "Machines",
    "Media",
    "Software",
    "Energy",
    "Health",
    "Optics",
    "Travel",
    "Paper",
    "Tools",
    "Analytics",
)


class Identities:
    """Makes identities that depend on nothing but the seed and the name of what they are for."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def rng(self, name: str) -> Random:
        """Return the generator of everything called `name`."""
        return Random(f"{self._seed}/{name}")

    def digest(self, name: str) -> str:
        """Return 64 hex digits that depend on the seed and `name`."""
        return hashlib.sha256(f"{self._seed}/{name}".encode()).hexdigest()

    def account_id(self, name: str, gateway: str, cloud_account: str) -> str:
        """Return an opaque account id; on Bedrock it is the ARN of a user of `cloud_account`."""
        short = "acct_" + self.digest("id/" + name)[:12]
        return f"arn:aws:iam::{cloud_account}:user/{short}" if gateway == "bedrock_invocation" else short

    def cloud_account(self, name: str) -> str:
        """Return a 12-digit cloud account number with six leading zeros, a range that no real account has."""
        return f"{int(self.digest('cloud/' + name)[:12], 16) % 1_000_000:012d}"

    def payment(self, name: str) -> str:
        """Return the fingerprint of a payment method."""
        return "pay_" + self.digest("payment/" + name)[:20]

    def organization(self, name: str) -> str:
        """Return the invented name of a company."""
        rng = self.rng("organization/" + name)
        return f"{rng.choice(_COMPANY_WORDS)}{rng.choice(_COMPANY_WORDS).lower()} {rng.choice(_COMPANY_KINDS)}"


def mail_domain(rng: Random) -> str:
    """Return the domain of a free mail service, the large ones more often."""
    return rng.choices(MAIL_DOMAINS, weights=_MAIL_WEIGHTS, k=1)[0]


def own_domain(rng: Random) -> str:
    """Return a mail domain that one person holds alone."""
    return f"{rng.choice(_COMPANY_WORDS).lower()}-{rng.choice(_COMPANY_WORDS).lower()}{rng.randrange(10_000)}.example"


def user_agent(rng: Random) -> str:
    """Return a user agent as independent callers use them, the common ones more often."""
    names = [name for name, _ in USER_AGENTS]
    return rng.choices(names, weights=[weight for _, weight in USER_AGENTS], k=1)[0]


def carrier_address(rng: Random) -> str:
    """Return one of the shared addresses of a mobile carrier."""
    return f"{CARRIER_NETWORK}{rng.randint(1, 60)}"


def company_address(rng: Random) -> str:
    """Return the egress address of a company or school."""
    return f"{COMPANY_NETWORK}{rng.randint(1, 254)}"


def hosting_address(rng: Random) -> str:
    """Return the address of a rented server with its own /64."""
    return _canonical(f"{_HOSTING_PREFIX}{rng.randrange(256):02x}:{rng.randrange(65536):x}::{rng.randint(1, 0xFFFF):x}")


def home_network(rng: Random) -> str:
    """Return the first 56 bits of a private connection, written up to the subnet's last byte."""
    return f"{rng.choice(_PROVIDER_PREFIXES)}{rng.randrange(256):02x}:{rng.randrange(256):x}"


def home_address(network: str, device: int, day: int) -> str:
    """Return the address of a device in a private network; the host part changes daily as privacy extensions do."""
    digest = hashlib.sha256(f"{network}/{device}/{day}".encode()).hexdigest()
    groups = [digest[start : start + 4].lstrip("0") or "0" for start in (0, 4, 8, 12)]
    return _canonical(f"{network}{device % 16:02x}:" + ":".join(groups))


def proxy_networks(n_networks: int) -> tuple[tuple[str, ...], ...]:
    """Return the exit addresses of a commercial proxy, network by network; the first one is IPv4."""
    exits = range(_PROXY_EXITS_PER_NETWORK)
    networks = [tuple(f"{PROXY_NETWORK}{10 + 9 * index}" for index in exits)]
    networks.extend(
        tuple(_canonical(f"{prefix}:{subnet:x}::{1 + subnet * 7 % 251:x}") for subnet in exits)
        for prefix in _PROXY_PREFIXES
    )
    return tuple(networks[:n_networks])


def _canonical(address: str) -> str:
    return str(ipaddress.IPv6Address(address))
