"""The tables of the stage `assessment`: what was concluded."""

from __future__ import annotations

from distilforensics.core.schema.columns import COUNT, FLAG, REAL, TEXT, TEXTS, TIME, Table, columns

CAMPAIGNS = Table(
    "campaigns",
    "assessment",
    "one row per candidate campaign with a grade, strongest first, then by campaign_id",
    columns(
        ("campaign_id", TEXT, "'C-' and number in order of strength"),
        ("grade", TEXT, "strong, moderate, weak"),
        ("n_accounts", COUNT, "members"),
        ("n_exchanges", COUNT, "exchanges of members that carry the campaign's templates (all, if it has none)"),
        ("n_exchanges_members", COUNT, "all exchanges of members"),
        ("input_tokens", COUNT, "tokens of n_exchanges"),
        ("output_tokens", COUNT, "tokens of n_exchanges"),
        ("n_distinct_prompts", COUNT, "distinct prompts in n_exchanges"),
        ("first_seen", TIME, "UTC"),
        ("last_seen", TIME, "UTC"),
        ("facts", TEXTS, "ids of the facts that count, in order of kind and weight"),
        ("heuristics", TEXTS, "ids of the heuristics that fired on the campaign's groups"),
        ("templates", TEXTS, "template ids"),
        ("clusters", TEXTS, "cluster ids"),
        ("grade_reason", TEXT, "the rule that gave the grade, in words"),
        ("grade_without", TEXTS, "what is left out (a fact, the largest customer, the account with most ties), ': ', and the grade that is left"),
    ),
)  # fmt: skip

CAMPAIGN_FACTS = Table(
    "campaign_facts",
    "assessment",
    "one row per campaign or examined group and fact, ordered by campaign_id, place",
    columns(
        ("campaign_id", TEXT, "as in campaigns; 'X-' ids are examined groups"),
        ("fact_id", TEXT, "handover, conversation, answer, scheduler, payment, signup, network, mail, frame, purpose"),
        ("place", COUNT, "order: by kind, the heaviest first"),
        ("title", TEXT, "what it says, in general"),
        ("kind", TEXT, "coordination, identity, content, purpose"),
        ("statement", TEXT, "what it says of this campaign, with its numbers"),
        ("weight", REAL, "bits against accounts that have nothing to do with each other; 0 if it is not weighed"),
        ("value", COUNT, "different calls, or accounts beyond the shared values"),
        ("of", COUNT, "calls that could have shown it"),
        ("comparison", REAL, "share among accounts outside of every examined group, or the count expected of accounts drawn by lot"),
        ("n_accounts", COUNT, "accounts that show it"),
        ("excludes", TEXT, "innocent causes that do not produce it"),
        ("is_counted", FLAG, "whether it reaches the floors of weight, calls and accounts"),
        ("is_telling", FLAG, "whether it tells a pool from a product, a vendor and a fleet"),
        ("n_apart", COUNT, "of a fact of ties: how many lie between customers that the log tells apart"),
        ("n_quick", COUNT, "of n_apart, those so soon after that a program must have sent them"),
        ("n_unforced", COUNT, "of n_apart, by conversations, those that went on elsewhere though the call before was not refused"),
        ("is_of_one_day", FLAG, "sign-ups of one day, so that without it too few are left to count"),
        ("is_beyond_payers", FLAG, "it counts between payers as well, rather than only among accounts that one of them pays for"),
        ("record_ids", TEXTS, "up to 10 records that show it: of hand-overs the failed call and the one that follows"),
    ),
)  # fmt: skip

CAMPAIGN_EXPLANATIONS = Table(
    "campaign_explanations",
    "assessment",
    "one row per campaign or examined group and innocent explanation, ordered by campaign_id, place",
    columns(
        ("campaign_id", TEXT, "as in campaigns; 'X-' ids are examined groups"),
        ("explanation_id", TEXT, "operator.* may cap the grade; confounder.* are shown beside it"),
        ("place", COUNT, "order"),
        ("title", TEXT, "the explanation"),
        ("outcome", TEXT, "excluded, in part, fits, cannot tell"),
        ("statement", TEXT, "the numbers that decide"),
        ("ask", TEXT, "whom to ask for what"),
        ("is_capping", FLAG, "whether it keeps the candidate from being reported as a campaign"),
    ),
)

CAMPAIGN_EVIDENCE = Table(
    "campaign_evidence",
    "assessment",
    "one row per campaign and piece of evidence, for and against, ordered by campaign_id, side, source, entity_id",
    columns(
        ("campaign_id", TEXT, "as in campaigns; 'X-' ids are examined groups that were explained"),
        ("side", TEXT, "for, against, neutral"),
        ("claim", TEXT, "observed, computed, inferred"),
        ("source", TEXT, "'fact.' id, 'operator.' or 'confounder.' id, or heuristic id"),
        ("entity_id", TEXT, "group or account the evidence is about"),
        ("statement", TEXT, "one sentence in plain words with its numbers"),
        ("value", REAL, "measure"),
        ("baseline", REAL, "comparison"),
        ("n_exchanges", COUNT, "exchanges"),
        ("n_accounts", COUNT, "accounts"),
        ("is_rebutted", FLAG, "for confounders: the benign explanation does not hold here; NULL for heuristics"),
        ("record_ids", TEXTS, "up to 10 records that show it"),
    ),
)

EXPLAINED_GROUPS = Table(
    "explained_groups",
    "assessment",
    "one row per candidate that was examined and not reported as a campaign, ordered by group_id",
    columns(
        ("group_id", TEXT, "'X-' and number"),
        ("n_accounts", COUNT, "members"),
        ("n_exchanges", COUNT, "exchanges"),
        ("explanation", TEXT, "ids of the explanations that fit or stay open, or 'operator.unknown'"),
        ("statement", TEXT, "in plain words"),
        ("heuristics", TEXTS, "heuristics that fired on it"),
        ("templates", TEXTS, "template ids"),
        ("clusters", TEXTS, "cluster ids"),
    ),
)

CANDIDATE_STEPS = Table(
    "candidate_steps",
    "assessment",
    "one row per step by which the accounts of a candidate were found, ordered by candidate, step",
    columns(
        ("candidate", COUNT, "place in which it was found; accounts of those before it are no longer free"),
        ("campaign_id", TEXT, "as in campaigns; 'X-' ids are examined groups; NULL if nothing can be said of it"),
        ("step", COUNT, "number of the step from 1"),
        ("rule", TEXT,
            "heaviest, reworded, in turn, identities: what a candidate begins with; part, growth, senders, carriers: what follows"),
        ("group_id", TEXT, "group whose accounts it is about; NULL where ties make the set"),
        ("n_tried", COUNT, "sets that were weighed before it was found"),
        ("n_accounts", COUNT, "accounts after the step"),
        ("bits", REAL, "first step by heaviest or reworded: the weight by which the set won; else all that ties and identities weigh after the step"),
        ("added", TEXTS, "accounts that came in"),
        ("removed", TEXTS, "accounts that fell out"),
    ),
)  # fmt: skip

ACCOUNTS = Table(
    "accounts",
    "assessment",
    "one row per account seen, ordered by account_id",
    columns(
        ("account_id", TEXT, "as in exchanges"),
        ("campaign_id", TEXT, "NULL if in no campaign"),
        ("grade", TEXT, "grade of the campaign, or 'one operator, purpose unknown' of an examined group"),
        ("n_exchanges", COUNT, "exchanges without duplicates"),
        ("output_tokens", COUNT, "tokens"),
        ("first_seen", TIME, "UTC"),
        ("last_seen", TIME, "UTC"),
        ("tenant_id", TEXT, "tenant"),
        ("n_campaign_exchanges", COUNT, "exchanges that carry the campaign's templates"),
        ("support", TEXTS, "what ties the account to the campaign: template ids, link attributes"),
        ("link_weight", REAL, "sum of link weights to other members, bits"),
        ("reason_not_in_campaign", TEXT, "for accounts in a fired group that were left out: why"),
    ),
)

CALIBRATION = Table(
    "calibration",
    "assessment",
    "one row per account and per set of groups on which something fired: how it ranks in the reference population, ordered by level, entity_id",
    columns(
        ("level", TEXT, "account or set; a set are groups merged where they consist of the same accounts"),
        ("entity_id", TEXT, "account_id, or the first group of the set"),
        ("groups", TEXTS, "groups of the set; NULL for accounts"),
        ("fired", TEXTS, "heuristics that fired on these groups, or on groups of which the account is a core member; without leads"),
        ("n_families", COUNT, "families among them, of heuristics that were evaluated on every reference as well"),
        ("n_heuristics", COUNT, "the same in heuristics; the score is families first, heuristics second"),
        ("n_reference", COUNT, "entities of the reference that it was compared with"),
        ("n_as_high", COUNT, "of these, those with at least the same score"),
        ("p_value", REAL, "conformal p-value, (1 + n_as_high) / (1 + n_reference); NULL without a reference"),
        ("q_value", REAL, "p_value adjusted by Benjamini and Hochberg over all sets; NULL for accounts, which share the fate of their set"),
        ("is_marked", FLAG, "q_value is at most 0.05: of all marked sets at most this part is expected to be ordinary; NULL for accounts"),
    ),
)  # fmt: skip

ERROR_RATES = Table(
    "error_rates",
    "assessment",
    "one row per statement on how often accusations are wrong, ordered by place",
    columns(
        ("place", COUNT, "number of the row from 1"),
        ("kind", TEXT, "sensitivity, false_accusation, base_rate, likelihood_ratio, conformal_sets"),
        ("grade", TEXT, "grade or stronger; for likelihood_ratio exactly this grade; NULL for conformal rows and where nothing was measured"),
        ("campaign_id", TEXT, "for conformal rows; NULL for what is in no campaign"),
        ("assumed_share", REAL, "for base_rate: assumed share of campaign accounts among all accounts"),
        ("is_known", FLAG, "something can be stated; else the statement says why not"),
        ("n_of", COUNT, "accounts, or marked sets"),
        ("n_total", COUNT, "of so many"),
        ("n_of_blocks", COUNT, "the same in independent trials: campaigns, or blocks of innocent accounts"),
        ("n_blocks", COUNT, "of so many"),
        ("n_reference", COUNT, "for conformal rows: entities of the reference"),
        ("rate", REAL, "n_of / n_total; for base_rate the part of right accusations; for likelihood_ratio the least ratio; NULL if not measured"),
        ("ci95_low", REAL,
            "lower bound of the exact 95 % interval, over blocks where there are any; for likelihood_ratio the least share of campaign accounts"),
        ("ci95_high", REAL, "upper bound; for likelihood_ratio the largest share of innocent accounts"),
        ("needed_rate", REAL, "for base_rate: false-accusation rate below which nine in ten accusations are right if every campaign account is found"),
        ("p_value", REAL, "for conformal rows: smallest p-value of the campaign's sets"),
        ("verbal", TEXT, "for likelihood_ratio: words of the ENFSI scale"),
        ("statement", TEXT, "in plain words, with its numbers"),
    ),
)  # fmt: skip
