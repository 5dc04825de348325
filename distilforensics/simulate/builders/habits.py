"""What customers of all kinds choose by chance: where they live, their language, plan and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.simulate.builders.world import ZONES
from distilforensics.simulate.exchange import Sampling

if TYPE_CHECKING:
    from random import Random

QUESTIONS_PER_PERSON = 12
"""Real questions that one person has, if there are any."""

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
"""Languages spoken in each zone of `ZONES`, with weights."""

_PLANS = (("free", 45), ("plus", 35), ("pro", 15), ("api", 5))
SAMPLINGS = (
    Sampling(),
    Sampling(),
    Sampling(stream=True),
    Sampling(stream=True),
    Sampling(temperature=0.7),
    Sampling(max_tokens=200),
    Sampling(max_tokens=1024),
    Sampling(max_tokens=2048, temperature=0.2),
    Sampling(max_tokens=4096, temperature=0.7),
    Sampling(temperature=1.0, top_p=0.95, stream=True),
)


def choose_zone(rng: Random) -> int:
    """Return somebody's hours from UTC."""
    return rng.choices([zone for zone, _ in ZONES], weights=[weight for _, weight in ZONES], k=1)[0]


def choose_language(rng: Random, zone: int) -> str:
    """Return the language of somebody who lives in `zone`."""
    languages = _LANGUAGES[zone]
    return rng.choices([name for name, _ in languages], weights=[weight for _, weight in languages], k=1)[0]


def choose_plan(rng: Random) -> str:
    """Return the plan of a private person."""
    return rng.choices([plan for plan, _ in _PLANS], weights=[weight for _, weight in _PLANS], k=1)[0]
