"""From bytes to records: where each record begins and ends, and what can still be read of a broken one."""
