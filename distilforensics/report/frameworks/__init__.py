"""Frameworks as data: each file names factors, and which facts of a campaign belong to them. Nothing here judges a factor."""
