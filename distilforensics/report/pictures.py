"""Which figures a campaign gets, with their captions and the files of their rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from distilforensics.report import figures
from distilforensics.report.annexes import safe_name
from distilforensics.report.figures import Figure
from distilforensics.report.render import TIE_WORDS

if TYPE_CHECKING:
    from distilforensics.report.annexes import Annexes
    from distilforensics.report.language import Language
    from distilforensics.report.ledger import Ledger, Row
    from distilforensics.report.result import Campaign
    from distilforensics.report.svg import Drawing


@dataclass(slots=True)
class Album:
    """The figures of one campaign in the order of the page; a figure without rows is left out."""

    ledger: Ledger
    annexes: Annexes | None
    """Where rows are written; nowhere for an edition without annexes."""
    campaign: Campaign
    language: Language
    figures: dict[str, Figure] = field(default_factory=dict)

    def rows(self, query: str) -> list[Row]:
        """Return the rows of a query that are drawn."""
        return self.ledger.rows(query, is_drawn=True, is_kept=True, campaign_id=self.campaign.campaign_id)

    def add(self, key: str, query: str, drawing: Drawing, caption: str, description: str) -> None:
        """Number a drawing, write its rows beside the page, and keep it."""
        name = self.campaign.campaign_id
        anchor = f"figure-{key.replace('_', '-')}-{name}"
        path = ""
        if self.annexes is not None:
            title = f"rows of the figure: {caption}"
            path = self.annexes.csv(f"figures/{query}.{safe_name(name)}.csv", title, self.rows(query))
        caption, description = self.language.text(caption), self.language.text(description)
        self.figures[key] = Figure(
            anchor=anchor,
            caption=caption,
            description=description,
            svg=drawing.markup(anchor, caption, description),
            rows=self.ledger.digest(query, campaign_id=name),
            number=len(self.figures) + 1,
            exhibit=path,
        )


def campaign_figures(
    ledger: Ledger, annexes: Annexes | None, campaign: Campaign, language: Language
) -> dict[str, Figure]:
    """Return the figures of a campaign by name: strips, matrix, loads, load_days, network, waterfall, weights, left_out."""
    album = Album(ledger, annexes, campaign, language)
    _draw_requests(album)
    _draw_loads(album)
    _draw_ties(album)
    if campaign.facts:
        album.add(
            "weights", "fact_weights", figures.fact_weights(album.rows("fact_weights"), language), "What the facts weigh.",
            "Bits against unrelated accounts; empty bars lie below the floor.",
        )  # fmt: skip
    if campaign.stability:
        album.add(
            "left_out", "stability", figures.left_out(campaign.stability, language), "What is left if one part is left out.",
            "Squares: three strong, two moderate, one weak; red border: lost.",
        )  # fmt: skip
    return album.figures


def _draw_requests(album: Album) -> None:
    campaign = album.campaign
    days = sorted({row["day"] for row in album.ledger.rows("log_days")})
    strips = figures.strips(campaign.strip, album.rows("strip_ticks"), days, campaign.names, album.language)
    album.add(
        "strips", "strip_ticks", strips, "Every request, account by account.",
        "Dark: a request with the common text. Red: limited or failed. Grey: other traffic. Accounts are drawn by lot; names are cut to their last characters."
        if campaign.has_text_frame
        else "Dark: a request made in the way of the group. Red: limited or failed. Grey: other traffic. Accounts are drawn by lot;"
        " names are cut to their last characters.",
    )  # fmt: skip
    if pairs := album.rows("handover_matrix"):
        album.add(
            "matrix", "handover_matrix", figures.matrix(pairs, campaign.names, album.language), "Who hands to whom.",
            "A dot: a request failed on the account of the row, and that of the column sent it again."
            " One person with two accounts would fill two places.",
        )  # fmt: skip


def _draw_loads(album: Album) -> None:
    album.add(
        "loads", "loads", figures.loads(album.rows("loads"), album.campaign.load, album.language), "Requests per account.",
        "One dot per account (bars where there are many), on a scale in which each step is a multiple. The band holds what chance would do.",
    )  # fmt: skip
    days = album.rows("load_days")
    if days and len({row["day"] for row in days}) <= figures.MOST_DAYS:
        album.add(
            "load_days", "load_days", figures.load_days(days, album.language), "Requests per account and day.",
            "One dot per account of the group. The band of a day holds what chance would do with the requests of that day.",
        )  # fmt: skip


def _draw_ties(album: Album) -> None:
    campaign = album.campaign
    if values := album.rows("tie_values"):
        members = album.ledger.rows("tie_members", campaign_id=campaign.campaign_id)
        album.add(
            "network", "tie_values", figures.network(members, values, campaign.names, album.language), "What the accounts share.",
            "Accounts on the circle; inside, each value that two to twelve of them share, by colour, shape and line. At most sixty of each are drawn.",
        )  # fmt: skip
    if parts := campaign.tie_pair:
        album.add(
            "waterfall", "tie_pair", figures.waterfall(parts, TIE_WORDS, album.language), "What ties one pair: the pair in the middle of all linked pairs.",
            "Each shared value adds bits, the more the rarer it is in this log. Differences take bits away.",
        )  # fmt: skip
