"""Evidence files to tables. The folders are the way of a record: evidence, framing, rows, tables; `reading` runs it, `formats` says what logs look like."""
