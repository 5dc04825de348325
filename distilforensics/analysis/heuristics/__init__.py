"""The heuristic catalogue: SQL files with metadata, tests and documentation, and the code that runs, checks and prints them."""
