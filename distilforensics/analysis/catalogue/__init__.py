"""The catalogue of heuristics: read, checked against its rules, tried on its cases, locked and described."""
