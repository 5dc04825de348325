"""The neutral records between the actors that produce traffic and the writers that render it in a product's log format."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Self

MICROSECONDS = 1_000_000
"""Microseconds in a second: simulated time is an integer count of microseconds since 1970-01-01 UTC."""

HOUR = 3600 * MICROSECONDS
DAY = 24 * HOUR

Message = tuple[str, str]
"""Role (system, user, assistant) and text."""


class ReasonedText(str):
    """An answer that came with hidden reasoning; whoever sends the answer back sends its signature along."""

    __slots__ = ("signature",)
    signature: str

    def __new__(cls, text: str, signature: str) -> Self:
        """Return `text` with the signature of its reasoning."""
        made = super().__new__(cls, text)
        made.signature = signature
        return made


def reasoning_signature(name: str) -> str:
    """Return what a service hands out in place of the reasoning called `name`: several hundred characters that depend on it alone."""
    digest = hashlib.shake_256(name.encode())
    return base64.b64encode(digest.digest(180 + digest.digest(1)[0])).decode()


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the simulated service with what its directory knows about it."""

    account_id: str
    role: str
    gateway: str
    created_at: int
    email_domain: str
    plan: str
    api_key: str
    tenant_id: str | None = None
    organization: str | None = None
    payment_fingerprint: str | None = None
    campaign_id: str | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from: address and user agent."""

    ip: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """What the caller sets beside the messages; None is left out of the request."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One call as the caller composes it."""

    model: str
    messages: tuple[Message, ...]
    sampling: Sampling
    system: str | None = None
    end_user: str | None = None
    session: str | None = None
    n_tools: int = 0
    thinks: bool = False
    """Whether the answer comes with hidden reasoning."""


@dataclass(frozen=True, slots=True, order=True)
class Exchange:
    """One request with its response, ready to be rendered; ordered by start, account and a running number of its actor."""

    started_at: int
    account_id: str
    number: int
    account: Account = field(compare=False)
    client: Client = field(compare=False)
    request: Request = field(compare=False)
    answer: str = field(compare=False)
    status: int = field(compare=False)
    error: str | None = field(compare=False)
    finish_reason: str | None = field(compare=False)
    input_tokens: int = field(compare=False)
    cached_tokens: int = field(compare=False)
    output_tokens: int = field(compare=False)
    first_token_at: int | None = field(compare=False)
    ended_at: int = field(compare=False)
    is_of_campaign: bool = field(compare=False, default=False)
    """Whether it is work of a campaign; the chaff of a pool is not."""
