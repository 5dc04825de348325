/*---
id = "evasion.model_pivot"
code = "E3"
title = "A group moves to a new model at once and stays"
status = "experimental"
level = "medium"
description = "Looks at every model that first appears after the beginning of the log. Compares the share of a group's exchanges that go to it within two days with the share of the rest of the log. Then asks whether the group, which was busy before, stays with it in the following week."
entity = "group"
sees = "A group of $min_accounts accounts with $min_exchanges exchanges in the week before a new model appears, of which a share of $min_share is on it within $window_h hours, $min_excess more than of the rest of the log."
volume = "$min_accounts accounts with $min_exchanges exchanges in the week before and in the $window_h hours after the first appearance of a model that $min_other_accounts other accounts use as well"
reads = ["exchange_features", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "model_served|model_requested"]
params.min_accounts = "group_accounts"
params.min_exchanges = "group_exchanges"
params.min_other_accounts = "smallest_set"
params.window_h = { default = 48, unit = "hours", why = "a disclosed campaign moved nearly half of its traffic within 24 hours; 48 allow for the time of day of the release" }
params.min_share = "half"
params.min_excess = "excess"
params.min_persistence = "half"
output.model = { unit = "model id", meaning = "model with the highest excess" }
output.first_seen = { unit = "UTC", meaning = "first appearance of the model in the log" }
output.hours_to_move = { unit = "hours", meaning = "from its first appearance to the group's first exchange with it" }
output.share_of_accounts = { unit = "share of the group's accounts active in the window", meaning = "with at least one exchange on the new model" }
output.share_of_other_accounts = { unit = "share of the other accounts active in the window", meaning = "likewise outside of the group" }
output.excess_later = { unit = "share of exchanges", meaning = "share on the model less that of the rest, in the week after the window; NULL if the log ends or the group stops before it has half of the minimal exchanges" }
output.n_models = { unit = "models", meaning = "new models that could be judged for the group" }
value = { unit = "share of the group's exchanges", meaning = "on the new model, from its first appearance to the end of the window" }
falsepositives = ["a product that switches all its users to a new default model", "an internal application of one company that is set to the newest model", "evaluation suites on release day; the persistence check removes those that go back"]
limitations = ["a pool that moves late, or uses one model throughout, is not seen", "model aliases that are renamed look like new models, but for everybody alike", "groups that begin after the release have nothing to move and are not judged"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: pivoted within 24 hours, redirecting nearly half of the traffic", "NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: day-one retargeting"]
tags = ["atlas.AML.T0024.002"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 2
---*/
with large_groups as (
    select group_id from groups where n_accounts >= $min_accounts
),
log_span as (
    select min(started_at) as begins_at from exchange_features
),
new_models as (
    select e.model, min(e.started_at) as first_seen
    from exchange_features as e
    cross join log_span as s
    where e.model is not null
    group by e.model
    having min(e.started_at) >= min(s.begins_at) + to_hours($window_h)
),
periods as (
    select model, first_seen, 'before' as period, first_seen - interval 7 days as begins_at, first_seen as ends_at from new_models
    union all
    select model, first_seen, 'window', first_seen, first_seen + to_hours($window_h) from new_models
    union all
    select model, first_seen, 'later', first_seen + to_hours($window_h), first_seen + to_hours($window_h) + interval 7 days from new_models
),
log_counts as (
    select
        p.model,
        p.period,
        count(*) as n,
        count(*) filter (where e.model = p.model) as n_on_model,
        count(distinct e.account_id) as n_accounts,
        count(distinct e.account_id) filter (where e.model = p.model) as n_accounts_on_model
    from periods as p
    join exchange_features as e on e.started_at >= p.begins_at and e.started_at < p.ends_at
    where e.model is not null
    group by p.model, p.period
),
group_counts as (
    select
        g.group_id,
        p.model,
        p.period,
        count(*) as n,
        count(*) filter (where g.model = p.model) as n_on_model,
        count(distinct g.account_id) as n_accounts,
        count(distinct g.account_id) filter (where g.model = p.model) as n_accounts_on_model,
        min(g.started_at) filter (where g.model = p.model) as moved_at
    from group_exchanges as g
    semi join large_groups using (group_id)
    join periods as p on g.started_at >= p.begins_at and g.started_at < p.ends_at
    where g.model is not null
    group by g.group_id, p.model, p.period
),
shares as (
    select
        g.group_id,
        g.model,
        g.period,
        g.n,
        g.n_accounts,
        g.moved_at,
        l.n_accounts_on_model - g.n_accounts_on_model as n_others_on_model,
        g.n_accounts_on_model / nullif(g.n_accounts, 0) as account_share,
        (l.n_accounts_on_model - g.n_accounts_on_model) / nullif(l.n_accounts - g.n_accounts, 0) as account_share_of_rest,
        g.n_on_model / nullif(g.n, 0) as share,
        (l.n_on_model - g.n_on_model) / nullif(l.n - g.n, 0) as share_of_rest
    from group_counts as g
    join log_counts as l on l.model = g.model and l.period = g.period
),
judged as (
    select
        w.group_id,
        w.model,
        m.first_seen,
        w.n,
        w.n_accounts,
        w.moved_at,
        w.share,
        coalesce(w.share_of_rest, 0) as share_of_rest,
        w.account_share,
        coalesce(w.account_share_of_rest, 0) as account_share_of_rest,
        case when a.n >= $min_exchanges / 2 then a.share - coalesce(a.share_of_rest, 0) end as excess_later,
        count(*) over (partition by w.group_id) as n_models
    from shares as w
    join new_models as m on m.model = w.model
    join shares as b on b.group_id = w.group_id and b.model = w.model and b.period = 'before'
    left join shares as a on a.group_id = w.group_id and a.model = w.model and a.period = 'later'
    where w.period = 'window'
        and w.n >= $min_exchanges
        and b.n >= $min_exchanges
        and w.n_accounts >= $min_accounts
        and w.n_others_on_model >= $min_other_accounts
),
chosen as (
    select
        group_id, model, first_seen, n, n_accounts, moved_at, share, share_of_rest, account_share, account_share_of_rest, excess_later, n_models
    from judged
    qualify row_number() over (partition by group_id order by share - share_of_rest desc, model) = 1
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, share_of_rest + $min_excess), 6)
    and round(account_share - account_share_of_rest, 6) >= $min_excess
    and coalesce(round(excess_later, 6) >= round($min_persistence * (share - share_of_rest), 6), true) as is_fired,
    round(share, 6) as value,
    round(share_of_rest, 6) as baseline,
    round(greatest($min_share, share_of_rest + $min_excess), 6) as threshold,
    n as n_exchanges,
    n_accounts,
    model,
    first_seen,
    round((epoch_us(moved_at) - epoch_us(first_seen)) / 3600000000, 3) as hours_to_move,
    round(account_share, 6) as share_of_accounts,
    round(account_share_of_rest, 6) as share_of_other_accounts,
    round(excess_later, 6) as excess_later,
    n_models
from chosen
order by entity_id
