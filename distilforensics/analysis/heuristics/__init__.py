"""The heuristics: SQL files with metadata, cases and documents, by family, and the code that runs them over a case."""
