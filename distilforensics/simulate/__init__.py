"""Labelled synthetic logs: ordinary customers, their innocent look-alikes and pools of coordinated accounts.

A stage of its own: it reads nothing and writes log files in the shapes of the products, so that error rates can be measured
and the whole program can be tried without anybody's data.
"""

from __future__ import annotations

from distilforensics.simulate.customers import PopulationParameters
from distilforensics.simulate.scenarios import SCENARIOS, ScenarioParameters
from distilforensics.simulate.simulation import SimulationSummary, simulate
from distilforensics.simulate.writers import WRITERS

__all__ = [
    "SCENARIOS",
    "WRITERS",
    "PopulationParameters",
    "ScenarioParameters",
    "SimulationSummary",
    "simulate",
]
