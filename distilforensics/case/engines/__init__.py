"""Engines that run the SQL of a case; today DuckDB."""
