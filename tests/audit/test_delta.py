"""Campaigns of two examinations are matched by the accounts that they share."""

from distilforensics.audit.delta import Campaign, Change, campaigns_of, compare
from distilforensics.core.finding import Grade


def campaign(name, accounts, n_exchanges=100, grade=Grade.MODERATE):
    """A campaign of accounts named by single letters."""
    return Campaign(name, grade, frozenset(accounts), n_exchanges)


def changes(before, after):
    """What became of each campaign, by its id now or then."""
    return {(d.after or d.before).campaign_id: d.change for d in compare(before, after)}


def test_the_first_examination_has_only_new_campaigns():
    """Nothing to compare with."""
    assert {"C-1": Change.NEW} == changes([], [campaign("C-1", "abc")])


def test_more_accounts_or_more_exchanges_are_growth():
    """Either is enough."""
    before = [campaign("C-1", "abc"), campaign("C-2", "xyz")]
    after = [campaign("C-1", "abcd"), campaign("C-2", "xyz", n_exchanges=101)]

    assert {"C-1": Change.GROWN, "C-2": Change.GROWN} == changes(before, after)


def test_the_same_campaign_is_unchanged_under_another_number():
    """Numbers follow strength and may move."""
    differences = compare([campaign("C-1", "abc")], [campaign("C-1", "xyz"), campaign("C-2", "abc")])

    assert [Change.NEW, Change.UNCHANGED] == [d.change for d in differences]
    assert "C-1" == differences[1].before.campaign_id


def test_a_campaign_that_is_no_longer_reported_has_ended():
    """Without heirs."""
    (difference,) = compare([campaign("C-1", "abc")], [])

    assert (Change.ENDED, None, None) == (difference.change, difference.after, difference.merged_into)
    assert (3, -100) == (difference.n_accounts_removed, difference.n_exchanges_added)


def test_a_merged_campaign_has_ended_and_names_its_heir():
    """The larger part goes on as the campaign, the smaller has been taken in."""
    before = [campaign("C-1", "abcd"), campaign("C-2", "xy")]
    differences = compare(before, [campaign("C-1", "abcdxy", n_exchanges=200)])

    assert [(Change.GROWN, None), (Change.ENDED, "C-1")] == [(d.change, d.merged_into) for d in differences]


def test_a_split_campaign_goes_on_in_its_largest_part():
    """The rest is new."""
    differences = compare([campaign("C-1", "abcdef")], [campaign("C-1", "ab"), campaign("C-2", "cdef", n_exchanges=50)])

    assert [Change.NEW, Change.CHANGED] == [d.change for d in differences]


def test_fewer_accounts_or_another_grade_are_a_change_without_growth():
    """Neither is news to be woken for, unless the grade rises."""
    (fewer,) = compare([campaign("C-1", "abc")], [campaign("C-1", "ab")])
    (risen,) = compare([campaign("C-1", "abc")], [campaign("C-1", "abc", grade=Grade.STRONG)])
    (fallen,) = compare([campaign("C-1", "abc")], [campaign("C-1", "abc", grade=Grade.WEAK)])

    assert [Change.CHANGED] * 3 == [fewer.change, risen.change, fallen.change]
    assert [False, True, False] == [fewer.demands_attention, risen.demands_attention, fallen.demands_attention]


def test_the_order_of_campaigns_does_not_change_the_matches():
    """Equal overlaps are decided by id."""
    before = [campaign("C-1", "ab"), campaign("C-2", "cd")]
    after = [campaign("C-1", "ac"), campaign("C-2", "bd")]
    forward = {(d.before.campaign_id, d.after.campaign_id) for d in compare(before, after)}
    backward = {(d.before.campaign_id, d.after.campaign_id) for d in compare(before[::-1], after[::-1])}

    assert {("C-1", "C-1"), ("C-2", "C-2")} == forward == backward


def test_campaigns_come_from_the_accounts_table():
    """Accounts without a campaign are left out; unknown counts are none."""
    rows = [
        {"account_id": "a", "campaign_id": "C-1", "grade": "weak", "n_campaign_exchanges": 5},
        {"account_id": "b", "campaign_id": "C-1", "grade": "weak", "n_campaign_exchanges": None},
        {"account_id": "c", "campaign_id": None, "grade": None, "n_campaign_exchanges": None},
    ]

    assert [Campaign("C-1", Grade.WEAK, frozenset("ab"), 5)] == campaigns_of(rows)
