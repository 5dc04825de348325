"""What the report says in the formats of other programs: timelines, threat intelligence, case management, a database.

Every export is a function of the case: identifiers follow from its content and no clock is read, so that the same case gives the same
bytes. Values that a spreadsheet or a terminal could take for more than text are written so that they are none.
"""

from __future__ import annotations

from distilforensics.report.exports.formats import FORMATS, export_case

__all__ = ["FORMATS", "export_case"]
