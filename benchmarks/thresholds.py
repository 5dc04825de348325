"""Count the numbers that were chosen by hand, and tell which of them can change a grade or a list and which only what is printed.

    python benchmarks/thresholds.py [--list]

A number is counted once, in however many queries it is used: each parameter in the header of a query, each number of the TOML files of the
analysis, each field of `Parameters`, the rates of ties and the constants of the assessment. It decides if a grade is computed from what its query
makes; queries of formats, of the health of a log and of the report decide nothing.
"""

from __future__ import annotations

import argparse
import tomllib
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from distilforensics.analysis.catalogue.loader import load_catalog
from distilforensics.assessment import log
from distilforensics.assessment.facts import ATTESTED, PURPOSEFUL, SYNCHRONY
from distilforensics.assessment.parameters import Parameters
from distilforensics.assessment.stage import READS
from distilforensics.assessment.tie_weights import RATES, SCHEDULING
from distilforensics.core.sqlfile import SqlFile, common_parameters, read_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGE = Path(log.__file__).parents[1]
TABLES = PACKAGE / "analysis" / "tables"
QUERIES = PACKAGE / "assessment" / "queries"
EXPLANATIONS = PACKAGE / "assessment" / "confounders"
MAKE_GROUPS = {"shared_passages", "shared_wording", "accounts_of_groups"}
"""Tables that groups are made of by the program itself, rather than by a query that names them."""


def decisive_heuristics() -> set[str]:
    """Return the ids of the heuristics that a fact is made of."""
    by_level = {h.id for h in load_catalog() if h.family in {"harvest", "structure"} and h.level in PURPOSEFUL}
    return {*SCHEDULING, SYNCHRONY, ATTESTED, *by_level}


def reached(files: Iterable[SqlFile], tables: dict[str, SqlFile]) -> set[str]:
    """Return the names of the tables that some queries read, and what these read."""
    found, waiting = set[str](), [name for file in files for name in file.reads]
    while waiting:
        name = waiting.pop()
        if name in tables and name not in found:
            found.add(name)
            waiting += tables[name].reads
    return found


def numbers() -> Iterator[tuple[str, str, bool]]:
    """Yield where a number stands, its name, and whether it decides."""
    tables = {file.name: file for file in read_folder(TABLES)}
    heuristics, decisive = load_catalog(), decisive_heuristics()
    asked = [*read_folder(QUERIES), *(h.file for h in heuristics if h.id in decisive)]
    read = set(READS) & tables.keys()
    decisive |= MAKE_GROUPS | read | reached([*asked, *(tables[name] for name in read)], tables)
    shared = {id(entry): name for name, entry in common_parameters().items()}
    common = dict.fromkeys(common_parameters(), False)
    files = [(file, file.name in decisive) for file in tables.values()]
    files += [(file, True) for file in read_folder(QUERIES)] + [(file, False) for file in read_folder(EXPLANATIONS)]
    files += [(h.file, h.id in decisive) for h in heuristics]
    for file, decides in files:
        for name, entry in file.header.get("params", {}).items():
            if id(entry) in shared:
                common[shared[id(entry)]] |= decides
            else:
                yield file.name, name, decides
    for file_name in ("frames", "link_parameters"):
        entries = tomllib.loads((PACKAGE / "analysis" / f"{file_name}.toml").read_text(encoding="utf-8"))
        for name, entry in {**entries, **entries.get("limits", {}), **entries.get("comparisons", {})}.items():
            if isinstance(entry, str):
                common[entry] = True
                continue
            for key in ("default", "m", "window_s"):
                if key in entry:
                    yield file_name, f"{name}.{key}", True
    for own in fields(Parameters):
        if own.metadata:
            common[own.metadata["same_as"]] = True
        else:
            yield "parameters", own.name, own.name != "exhibit_records"
    yield from (("common_parameters", name, decides) for name, decides in common.items())
    yield from (("rates", kind, True) for kind in RATES)
    yield from (("log", name, True) for name in ("MIN_OWN_CALLS",))


def main() -> None:
    """Print the counts, or all numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="name all of them")
    found = list(numbers())
    if parser.parse_args().list:
        for place, name, decides in sorted(found):
            print(f"{'decides' if decides else 'printed'}  {place}.{name}")
    count = Counter(decides for *_, decides in found)
    print(
        f"{len(found)} numbers, of which {count[True]} can change a grade or a list and {count[False]} only what is printed"
    )


if __name__ == "__main__":
    main()
