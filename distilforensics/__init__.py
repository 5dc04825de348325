"""Offline forensic analysis of LLM API access logs: is there a coordinated harvest of model outputs, and what else could explain it."""

from importlib.metadata import version

__version__ = version("distilforensics")
"""Version of the installed package; part of every stage's cache key and of every report."""
