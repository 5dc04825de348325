"""The tables beside `exchanges`: duplicates, joined records, accounts directories, usage, and the balance of it all."""
