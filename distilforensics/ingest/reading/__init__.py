"""How a run reads: batches of files, a worker that may die, a journal to go on from, parts that are written."""
