"""Error rates from labels: what a case found, missed and wrongly accused, with exact intervals."""

from __future__ import annotations

from distilforensics.accuracy.proportion import Proportion
from distilforensics.evaluation.labels import read_labels
from distilforensics.evaluation.results import Evaluation
from distilforensics.evaluation.scoring import evaluate

__all__ = ["Evaluation", "Proportion", "evaluate", "read_labels"]
