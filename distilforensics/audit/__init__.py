"""Scheduled examination: a cumulative case that takes in new logs, and what has changed since the last time."""
