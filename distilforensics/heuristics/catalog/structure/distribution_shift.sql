/*---
id = "structure.distribution_shift"
code = "S11"
title = "The accounts of a group resemble each other more than groups of ordinary accounts of the log do"
status = "experimental"
level = "informational"
description = "A two-sample test without any labelled example: hashed character n-grams of the beginnings of prompts and answers, and the call without content, compared between different accounts. A group fires if few groups of chance of the same make-up are as alike and, where the log has enough tenants, few tenants are. A template's own exchanges are left out, so there it says whether those accounts are alike in everything else. Classes, teams and users of one product differ as well: it says that a group differs, never why."
entity = "group"
sees = "A group whose accounts are more alike than all but a share of $max_p of groups of chance, after multiplication by the number of views and, among at least $min_tenants tenants, than all but a share of $max_p_among_tenants of them."
volume = "a group of 10 accounts with 100 exchanges outside of its own template, and for each of its accounts two others of equal volume, so at least 20; with less than $min_tenants tenants of that size there are only groups of chance to compare with"
reads = ["group_accounts", "groups", "window_tests"]
needs = ["account_id", "started_at"]
params.max_p = { default = 0.01, unit = "p-value", why = "in a log of a hundred groups one fires by chance" }
params.min_tenants = { default = 19, unit = "tenants", why = "with fewer no rank among them can be as small as 0.05" }
params.max_p_among_tenants = { default = 0.05, unit = "p-value", why = "tenants are groups that differ for innocent reasons; what ranks among them is nothing to look at" }
stricter = { max_p = "lower" }
output.view = { unit = "word", meaning = "the view behind the value: prompt, answer or call" }
output.n_views = { unit = "views", meaning = "views that could be tested" }
output.statistic = { unit = "shared part of the deviation", meaning = "mean product of standardised deviations of different accounts: 0 = no more alike than any accounts of the log" }
output.null_q99 = { unit = "as statistic", meaning = "99 % of the groups of chance lie at or below" }
output.n_tenants = { unit = "tenants", meaning = "tenants behind the baseline" }
output.excess = { unit = "words with counts of accounts", meaning = "what accounts of the group share and others do not" }
value = { unit = "p-value", meaning = "smallest p-value over the views times their number, at most 1; baseline: share of tenants at least as much alike, by the same view" }
falsepositives = ["a class, a team, the users of one product: every group with one purpose differs from the log", "a language community in a log of another language", "in a log of fewer than 19 larger tenants nearly every team fires, at the least by the hours it works"]
limitations = ["in 60 accounts of 25 exchanges it saw 6 % of groups with a twentieth of foreign traffic, 47 % with a tenth and all of 110 with a quarter; with 20 accounts of 25 it saw 70 % with a quarter (docs/decisions/0013)", "accounts of a volume that few others have are left out, so that a pool of heavy accounts in a log of light ones is not tested", "a pool that relays real users of every kind is as mixed as the log and does not differ", "where one campaign holds much of the log it is the reference itself", "linkage looks up programs and prompts for pairs that other values have found, so a cluster is not quite independent of what is compared here"]
references = ["arXiv 2606.05725 (2026): maximum mean discrepancy of embedded traffic windows, calibrated benign against benign", "A. Gretton et al., A kernel two-sample test, JMLR 13 (2012)", "V. Vovk et al., Algorithmic learning in a random world (2005): conformal p-values"]
tags = ["atlas.AML.T0024.002", "owasp.LLM10"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-25"
version = 1
---*/
with left_out as (
    select g.group_id, min(t.tenth) as tenth
    from groups as g
    cross join (select unnest(range(10)) as tenth) as t
    anti join group_accounts as a on a.group_id = g.group_id and a.tenth = t.tenth
    group by g.group_id
),
-- In a stability run, the p-value without the tenth that is left out.
tested as (
    select
        w.group_id,
        w.view,
        w.statistic,
        w.null_q99,
        w.n_exchanges_tested,
        w.n_accounts_tested,
        w.n_tenants,
        w.p_among_tenants,
        w.excess,
        coalesce(w.p_without_tenth[l.tenth + 1], w.p_value) as p,
        count(*) over (partition by w.group_id) as n_views
    from window_tests as w
    semi join groups as g on g.group_id = w.group_id
    left join left_out as l on l.group_id = w.group_id
    where w.state = 'tested'
),
judged as (
    select
        *,
        round(least(1, n_views * p), 6) as p_of_views,
        round(least(1, n_views * p), 6) <= $max_p and (n_tenants < $min_tenants or p_among_tenants <= $max_p_among_tenants) as is_different
    from tested
),
clearest as (
    select *
    from judged
    qualify row_number() over (partition by group_id order by is_different desc, p, p_among_tenants, statistic desc, view) = 1
)
select
    group_id as entity_id,
    is_different as is_fired,
    p_of_views as value,
    p_among_tenants as baseline,
    $max_p::double as threshold,
    n_exchanges_tested as n_exchanges,
    n_accounts_tested as n_accounts,
    view,
    n_views,
    statistic,
    null_q99,
    n_tenants,
    excess
from clearest
order by entity_id
