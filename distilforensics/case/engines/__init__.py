"""Engines that run the SQL of a case: DuckDB on one machine, or one DuckDB for every bucket of rows on the workers of Spark."""
