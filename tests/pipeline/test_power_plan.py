"""The order in which campaigns are planted, and what the outcomes say."""

from distilforensics.accuracy.power import reaches, statements
from distilforensics.pipeline.power.plan import Kind, Plant, Search, n_runs_left, next_plant

SIZES = (10, 20, 40, 80, 160)
PLAIN, DILUTED = Kind(26, 0.0), Kind(26, 0.7)
SEARCHES = (Search(PLAIN, SIZES), Search(DILUTED, SIZES))


def measured(smallest, seeds=(1,)):
    """Return the campaigns in the order in which they are planted if those from `smallest` on are found."""
    found, order = {}, []
    while (chosen := next_plant(SEARCHES, seeds, found)) is not None:
        assert n_runs_left(SEARCHES, seeds, found) > 0
        found[chosen] = chosen.n_accounts >= smallest[chosen.kind]
        order.append(chosen)
    assert 0 == n_runs_left(SEARCHES, seeds, found)
    return order, found


def row(n_accounts, is_found, **changes):
    """Return a row of the table `power`."""
    same = {
        "is_careful": False,
        "requests_per_day": 26,
        "dilution": 0.0,
        "exchanges_per_account": 260,
        "n_innocents": 0,
        "seed": 1,
    }
    return {**same, "n_accounts": n_accounts, "is_found": is_found} | changes


def test_every_kind_is_tried_once_before_one_of_them_is_refined():
    """The middle size of each comes first."""
    order, _ = measured({PLAIN: 20, DILUTED: 80})

    assert [(PLAIN, 40), (DILUTED, 40)] == [(chosen.kind, chosen.n_accounts) for chosen in order[:2]]


def test_the_boundary_is_found_by_halving():
    """At most three of five sizes are planted, those beside the boundary among them."""
    for smallest in (*SIZES, 1000):
        order, found = measured({PLAIN: smallest, DILUTED: smallest})
        own = {chosen.n_accounts: found[chosen] for chosen in order if chosen.kind == PLAIN}

        assert len(own) <= 3
        assert min((size for size, is_found in own.items() if is_found), default=None) == (
            smallest if smallest in SIZES else None
        )


def test_a_size_counts_only_if_every_seed_finds_it_and_one_miss_is_enough():
    """After a miss the other seeds of the size are not planted."""
    search = (Search(PLAIN, (40,)),)
    missed = {Plant(PLAIN, 40, 1): False}
    half = {Plant(PLAIN, 40, 1): True}

    assert next_plant(search, (1, 2), missed) is None
    assert Plant(PLAIN, 40, 2) == next_plant(search, (1, 2), half)
    assert next_plant(search, (1, 2), half | {Plant(PLAIN, 40, 2): True}) is None


def test_a_smaller_campaign_that_was_found_by_luck_is_not_promised():
    """The reach begins above the largest campaign that was missed."""
    [reach] = reaches([row(20, True), row(30, False), row(40, True)])

    assert (40, 30) == (reach.found_from, reach.missed_up_to)


def test_the_sentence_says_what_was_found_and_what_was_missed():
    """With rate, dilution and care."""
    found = reaches([row(40, True), row(20, False)])
    missed = reaches([row(160, False, dilution=0.7, is_careful=True)])
    all_found = reaches([row(10, True)])

    assert (
        "A campaign of 40 accounts with about 260 exchanges each (26 a day; cards, addresses, sign-ups partly shared)"
        " would have been found; one of 20 accounts was missed." == found[0].sentence()
    )
    assert (
        "A campaign of 160 accounts with about 260 exchanges each (26 a day, 70 % of it for unrelated customers; cards,"
        " addresses, sign-ups none shared) would have been missed; no larger one was planted." == missed[0].sentence()
    )
    assert (
        all_found[0]
        .sentence()
        .endswith(
            "(26 a day; cards, addresses, sign-ups partly shared) would have been found; smaller ones were not planted."
        )
    )


def test_kinds_are_told_apart_and_ordered():
    """Operators without care first, then by rate and dilution."""
    rows = [
        row(10, True, is_careful=True),
        row(10, True, dilution=0.5),
        row(10, True),
        row(10, True, requests_per_day=4),
    ]

    assert [(False, 4, 0.0), (False, 26, 0.0), (False, 26, 0.5), (True, 26, 0.0)] == [
        (reach.is_careful, reach.requests_per_day, reach.dilution) for reach in reaches(rows)
    ]


def test_innocents_are_told_beside_the_reach():
    """In one more sentence, and only if there are any."""
    assert 1 == len(statements([row(10, True)]))
    assert statements([row(10, True, n_innocents=3)])[1].startswith("INNOCENTS ACCUSED: over all copies, 3 accounts")
