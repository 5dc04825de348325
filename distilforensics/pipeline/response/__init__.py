"""The answer of an accused organisation: its own logs held against what a provider states of its calls."""
