"""Files among the inputs that hold no calls and fill a table of their own: accounts directories, usage exports."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from distilforensics.ingest.rows.processing import collect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distilforensics.ingest.evidence.sources import Source
    from distilforensics.ingest.framing.pooling import Framed
    from distilforensics.ingest.framing.records import Chunk, Records, Refusal
    from distilforensics.ingest.rows.projection import Projector


class SideFiles(ABC):
    """Collects the rows of such files of a batch, and the records that cannot be read."""

    def __init__(self, projector: Callable[[], Projector]) -> None:
        """Nothing is opened before the first file comes."""
        self._projector = projector
        self.rows: list[tuple[Source, dict[str, Any]]] = []
        self.refusals: list[Refusal] = []

    def read(self, framed: Iterator[Framed], source: Source) -> None:
        """Read one file; nothing of it is kept if it cannot be read to its end.

        Raises:
            InputRefusedError: it holds what may not be kept, such as card numbers.
        """
        n_rows, n_refusals = len(self.rows), len(self.refusals)
        try:
            for item in framed:
                source.n_lines += item.n_lines
                source.n_blank += item.n_blank
                self.refusals += item.refusals
                if item.chunk is not None and len(item.chunk):
                    records, blank, refusals = collect(item.chunk, self._projector())
                    source.n_blank += sum(blank.values())
                    self.refusals += refusals
                    self._add(item.chunk, records, source)
        except BaseException:
            del self.rows[n_rows:]
            del self.refusals[n_refusals:]
            raise
        source.n_rows = len(self.rows) - n_rows

    @abstractmethod
    def _add(self, chunk: Chunk, records: Records, source: Source) -> None:
        """Add the rows of some records, and refuse those that cannot be read."""
