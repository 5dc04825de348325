"""Lines of text whose fields a line before them lists, as web servers write them (`#Fields: date time c-ip ...`): each becomes an object.

A server that is restarted lists its fields again, maybe others; what follows has those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

_MARK = b"#Fields:"


class ListedFields:
    """Reads the lines of one file in order."""

    def __init__(self) -> None:
        """Begin without fields."""
        self._names: list[str] = []

    def of_line(self, line: bytes) -> bytes | None:
        """Return the object of a line; None if it is a comment, or has not as many values as there are fields."""
        if line.startswith(_MARK):
            self._names = line[len(_MARK) :].decode("utf-8", "replace").split()
        if line.startswith(b"#") or not self._names:
            return None
        text = line.decode("utf-8", "backslashreplace").strip("\r\n")
        values = text.split("\t") if "\t" in text else text.split(" ")
        if len(values) != len(self._names):
            return None
        found = {name: value for name, value in zip(self._names, values, strict=True) if value != "-"}
        if "date" in found and "time" in found:
            found = {"date-time": f"{found.pop('date')} {found.pop('time')}", **found}
        return orjson.dumps(found)


def sample_of(lines: Iterable[bytes]) -> list[dict[str, str]]:
    """Return the objects of sampled lines."""
    fields = ListedFields()
    return [orjson.loads(one) for line in lines if (one := fields.of_line(line)) is not None]
