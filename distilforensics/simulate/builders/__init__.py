"""Turn the parameters of a scenario into accounts and actors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.simulate.builders.crowds import build_crowd
from distilforensics.simulate.builders.people import build_people
from distilforensics.simulate.builders.pools import build_pool
from distilforensics.simulate.builders.programs import build_programs
from distilforensics.simulate.builders.world import Built, World

if TYPE_CHECKING:
    from distilforensics.simulate.scenarios import ScenarioParameters

__all__ = ["Built", "World", "build_everybody"]


def build_everybody(world: World, parameters: ScenarioParameters) -> Built:
    """Return all accounts, ordered by account id, and all actors."""
    groups = [build_people(world, parameters.population), build_programs(world, parameters.population)]
    groups.extend(build_crowd(world, crowd, index) for index, crowd in enumerate(parameters.population.crowds))
    groups.extend(build_pool(world, pool) for pool in parameters.pools)
    accounts = sorted((account for group, _ in groups for account in group), key=lambda account: account.account_id)
    return accounts, [actor for _, group in groups for actor in group]
