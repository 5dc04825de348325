"""Vocabulary shared by all stages: schemas, errors, findings, text and units. Imports nothing heavier than pyarrow."""
