/*---
id = "confounder.release_day"
title = "Many parties try a new model"
question = "Do the exchanges go to a model that has just appeared, and end within days?"
priority = 6
reads = ["candidate_members", "candidate_features", "exchange_features", "candidate_tenancy"]
params.min_share = { default = 0.8, unit = "share of the exchanges with a known model", why = "who compares models for their own use tries the new one and little else; a campaign that moves keeps part of its work on the old one" }
params.max_hours = { default = 72, unit = "hours after the model was first seen", why = "first impressions are published within days" }
params.min_lead_hours = { default = 24, unit = "hours from the beginning of the log to the model's first exchange", why = "a model that was there from the first day has not appeared in this log" }
references = ["benchmarks and first impressions on the day a model is released"]
version = 2
---*/
with models as (
    select model, min(started_at) as first_seen from exchange_features where model is not null group by model
),
log as (
    select min(started_at) as begins from exchange_features
),
counted as (
    select
        e.candidate_id,
        count(*) as n_exchanges,
        count(e.model) as n_with_model,
        count(*) filter (
            where m.first_seen >= log.begins + to_hours($min_lead_hours) and e.started_at <= m.first_seen + to_hours($max_hours)) as n_new
    from candidate_features as e
    cross join log
    left join models as m on m.model = e.model
    group by e.candidate_id
),
members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
measured as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(c.n_exchanges, 0) as n_exchanges,
        case when c.n_with_model >= 0.5 * c.n_exchanges then c.n_new / c.n_with_model end as new_share
    from members as m
    left join counted as c on c.candidate_id = m.candidate_id
)
select
    candidate_id,
    case when new_share >= $min_share then 'partly' when new_share < $min_share then 'rebutted' else 'not_checkable' end as verdict,
    round(new_share, 6) as value,
    $min_share::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when new_share >= $min_share then 'The group may be people who try a new model: '
            when new_share < $min_share then 'The group does not consist of first tries of a new model: '
            else 'Whether the group tries a new model cannot be settled: '
        end,
        coalesce(format('{:.1f} % of its requests went to a model within {} hours of its first request in this log', 100 * new_share, $max_hours), 'models are not known'),
        '.') as statement
from measured
order by candidate_id
