"""Fingerprints and baselines: turns exchanges into text-free features, templates, profiles and reference populations."""
