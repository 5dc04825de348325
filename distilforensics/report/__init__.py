"""The report of a case: one HTML file without scripts, with exhibits, from the tables of the case alone."""
