"""What the documentation says of every format, made of its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.ingest.catalogue.specification import load_formats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.ingest.catalogue.mapping import FieldMapping, Source
    from distilforensics.ingest.catalogue.specification import FormatSpec


_USAGE_HEAD = (
    "## Usage exports, bills and rollups\n\nTheir records are sums over calls. They go to the table `usage_sums` and are compared with the log.\n\n"
    "| file | what it holds |\n|---|---|\n"
)


def chapters() -> str:
    """Return a chapter per format that is read, then tables of usage exports and of the files that are known to hold no calls."""
    specs = load_formats().values()
    read = "\n".join(f"## {spec.id}\n\n{chapter(spec)}" for spec in specs if spec.no_calls is None)
    sums = [f"| {spec.title} | {spec.no_calls} |\n" for spec in specs if spec.usage is not None]
    read += f"\n{_USAGE_HEAD}{''.join(sums)}"
    others = [
        f"| {spec.title} | {spec.no_calls} | {'refused' if spec.is_evidence else 'ignored'} |\n"
        for spec in specs
        if spec.no_calls is not None and spec.usage is None
    ]
    if not others:
        return read
    head = (
        "## Files that are known and not read\n\nThey are recognised by their content and named with the reason. What belongs to the evidence is refused,"
        " so that the case counts as partial; the rest is ignored.\n\n| file | why | |\n|---|---|---|\n"
    )
    return f"{read}\n{head}{''.join(others)}"


def chapter(spec: FormatSpec) -> str:
    """Return what a format is, what its account is and what cannot be known."""
    return "".join(f"{line}\n" for line in _lines(spec))


def _lines(spec: FormatSpec) -> Iterator[str]:
    yield f"{spec.title}."
    if spec.usage is not None:
        yield f"Holds {spec.no_calls}; compared with the log."
        return
    if spec.no_calls is not None:
        yield f"Not read: {spec.no_calls}."
        return
    yield ""
    yield f"- **Account**: {spec.account}."
    yield f"- **Tenant**: {spec.tenant}."
    yield f"- **Time**: {spec.time}{_about_time(spec.mapping)}."
    yield from (f"- {note}" for note in spec.notes)
    if spec.mapping is not None and spec.mapping.columns:
        pairs = [f"`{target}` from {_written(source)}" for target, source in spec.mapping.columns.items()]
        yield f"- **Read**: {', '.join(pairs)}."
        for rule in spec.mapping.rules:
            kind = "any value of" if rule.are_exchanges else ""
            words = ", ".join(f"`{value}`" for value in rule.values)
            yield f"- **Out of scope** (`{rule.reason}`): {kind + ' ' if kind else ''}{_written(rule.field)}{' but ' if rule.are_exchanges else ' '}{words}."
    yield "- **Cannot be known**:"
    yield from (f"  - {fact}" for fact in spec.missing)


def _about_time(mapping: FieldMapping | None) -> str:
    if mapping is None:
        return ""
    notes = [
        ", the end; the start is that less the duration" if mapping.is_end else "",
        f", written as `{mapping.time_format}`" if mapping.time_format else "",
    ]
    return "".join(notes)


def _written(source: Source) -> str:
    return f"`{source}`" if isinstance(source, str) else "else ".join(f"`{one}` " for one in source).strip()
