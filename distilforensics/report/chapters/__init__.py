"""One module per part of the report: each runs its queries and returns the dataclasses that the templates print."""
