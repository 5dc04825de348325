"""Which figures a campaign gets, with their captions and the files of their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.report import figures
from distilforensics.report.annexes import safe_name
from distilforensics.report.figures import Figure
from distilforensics.report.render import TIE_WORDS

if TYPE_CHECKING:
    from distilforensics.report.annexes import Annexes
    from distilforensics.report.ledger import Ledger, Row
    from distilforensics.report.result import Campaign
    from distilforensics.report.svg import Drawing


def campaign_figures(ledger: Ledger, annexes: Annexes, c: Campaign) -> dict[str, Figure | None]:
    """Return the figures of a campaign by name; none where there is nothing to draw."""
    name, numbers = c.campaign_id, list[str]()

    def rows(query: str) -> list[Row]:
        return ledger.rows(query, is_drawn=True, campaign_id=name)

    def figure(key: str, query: str, drawing: Drawing, caption: str, description: str) -> Figure:
        anchor = f"figure-{key}-{name}"
        numbers.append(key)
        exhibit = annexes.csv(f"figures/{query}.{safe_name(name)}.csv", f"rows of the figure: {caption}", rows(query))
        return Figure(
            anchor,
            caption,
            description,
            drawing.markup(anchor, caption, description),
            ledger.digest(query, campaign_id=name),
            len(numbers),
            exhibit,
        )

    ticks, load_rows, day_rows, matrix = rows("strip_ticks"), rows("loads"), rows("load_days"), rows("handover_matrix")
    values, parts = rows("tie_values"), c.tie_pair
    days = sorted({row["day"] for row in ledger.rows("log_days")})
    found: dict[str, Figure | None] = dict.fromkeys(("matrix", "load_days", "network", "waterfall", "repetitions"))
    pattern = "with the common text" if c.has_text_frame else "made in the way of the group"
    found["strips"] = figure(
        "strips", "strip_ticks", figures.strips(c.strip, ticks, days, c.names), "Every request, account by account.",
        f"Dark: a request {pattern}. Red: limited or failed. Grey: other traffic. Accounts are drawn by lot; names are cut to their last characters.",
    )  # fmt: skip
    if matrix:
        found["matrix"] = figure(
            "matrix", "handover_matrix", figures.matrix(matrix, c.names), "Who hands to whom.",
            "A dot: a request failed on the account of the row, and that of the column sent it again. One person with two accounts would fill two places.",
        )  # fmt: skip
    found["loads"] = figure(
        "loads", "loads", figures.loads(load_rows, c.load), "Requests per account.",
        "One dot per account (bars where there are many), on a scale in which each step is a multiple. The band holds what chance would do.",
    )  # fmt: skip
    if day_rows and len({row["day"] for row in day_rows}) <= figures.MOST_DAYS:
        found["load_days"] = figure(
            "load-days", "load_days", figures.load_days(day_rows), "Requests per account and day.",
            "One dot per account of the group. The band of a day holds what chance would do with the requests of that day.",
        )  # fmt: skip
    if values:
        found["network"] = figure(
            "network", "tie_values", figures.network(ledger.rows("tie_members", campaign_id=name), values, c.names), "What the accounts share.",
            "Accounts on the circle; inside, each value that two to twelve of them share, by colour, shape and line. At most sixty of each are drawn.",
        )  # fmt: skip
    if parts:
        found["waterfall"] = figure(
            "waterfall", "tie_pair", figures.waterfall(rows("tie_pair"), TIE_WORDS), "What ties one pair: the pair in the middle of all linked pairs.",
            "Each shared value adds bits, the more the rarer it is in this log. Differences take bits away.",
        )  # fmt: skip
    if c.stability:
        found["repetitions"] = figure(
            "repetitions", "stability", figures.repetitions(c.stability), "Leaving out a tenth of the accounts, ten times.",
            "Full squares: the test fired again. Tests on single accounts are not in the figure.",
        )  # fmt: skip
    return found
