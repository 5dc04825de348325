"""Evidence files to tables: reading, recognising, framing, repair, quarantine, duplicates and the balance of records."""
