"""Writes docs/report-context.md from the dataclasses of the context: `python -m distilforensics.report.reference > docs/report-context.md`."""

from __future__ import annotations

import dataclasses
import sys

from distilforensics.report.context import CONTEXT_TYPES

_HEAD = """\
# Context of the report templates

Generated from `distilforensics/report/context.py`; do not edit.
Templates see one `Report`, and `Numbering` for chapters, paragraphs, tables and figures.
Values are plain; filters (`count`, `real`, `time`, `moment`, `local`, `cut`, `ident`, `words`, `cell`) write them.
"""


def reference() -> str:
    """Return the page as Markdown, one section per dataclass."""
    return _HEAD + "".join(_section(kind) for kind in CONTEXT_TYPES)


def _section(kind: type) -> str:
    rows = [f"| `{item.name}` | `{_type(item.type)}` | {item.metadata['help']} |" for item in dataclasses.fields(kind)]
    properties = [
        f"| `{name}` | property | {(value.__doc__ or '').splitlines()[0]} |"
        for name, value in vars(kind).items()
        if isinstance(value, property)
    ]
    summary = (kind.__doc__ or "").splitlines()[0]
    return "\n".join(
        [
            f"\n## {kind.__name__}\n",
            f"{summary}\n",
            "| name | type | meaning |",
            "|---|---|---|",
            *rows,
            *properties,
            "",
        ]
    )


def _type(annotation: object) -> str:
    """Return an annotation without the bar that would end a cell of the table."""
    return str(annotation).replace(" | None", ", or none")


if __name__ == "__main__":
    sys.stdout.write(reference())
