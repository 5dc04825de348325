/*---
id = "confounder.broadcast"
title = "One event reaches every account at the same time"
question = "Do all accounts call once each time something happens, as copies of one product do that follow the same news, prices or commits?"
priority = 5
reads = ["candidate_members", "candidate_features"]
params.max_gap_s = { default = 300, unit = "seconds", why = "copies of one product react within minutes; a pause of five ends the occasion" }
params.min_part = { default = 0.5, unit = "share of the members", why = "that call on an occasion; one job of a pool goes to one account, one event goes to all" }
params.max_calls = { default = 1.5, unit = "calls per account and occasion", why = "one call each, and here and there one that is repeated; a run of a pool gives everybody many" }
params.min_occasions = { default = 5, unit = "occasions", why = "one common occasion is a deadline or an outage" }
params.min_share = { default = 0.7, unit = "share of the candidate's exchanges", why = "that lie in such occasions; the explanation has to hold for most" }
references = ["products that react to market data, news or repository events with one call per customer"]
version = 1
---*/
with gaps as (
    select
        candidate_id,
        account_id,
        record_id,
        started_at,
        coalesce(epoch_us(started_at) - lag(epoch_us(started_at)) over turn > $max_gap_s * 1000000, true)::bigint as is_first
    from candidate_features
    window turn as (partition by candidate_id order by started_at, record_id)
),
numbered as (
    select
        candidate_id,
        account_id,
        sum(is_first) over (partition by candidate_id order by started_at, record_id rows unbounded preceding) as occasion
    from gaps
),
occasions as (
    select candidate_id, occasion, count(*) as n, count(distinct account_id) as n_accounts from numbered group by candidate_id, occasion
),
members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
measured as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(sum(o.n), 0)::bigint as n_exchanges,
        count(*) filter (where o.n_accounts >= $min_part * m.n_accounts and o.n <= $max_calls * o.n_accounts) as n_occasions,
        coalesce(sum(o.n) filter (where o.n_accounts >= $min_part * m.n_accounts and o.n <= $max_calls * o.n_accounts) / sum(o.n), 0) as share
    from members as m
    left join occasions as o on o.candidate_id = m.candidate_id
    group by m.candidate_id, m.n_accounts
)
select
    candidate_id,
    case when n_occasions >= $min_occasions and share >= $min_share then 'partly' else 'rebutted' end as verdict,
    round(share, 6) as value,
    $min_share::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when n_occasions >= $min_occasions and share >= $min_share then 'The group is consistent with copies of one product that react to the same events: '
            else 'The accounts do not react to common events: '
        end,
        format('{} occasions on which at least {:.0f} % of the accounts call, about once each, hold {:.1f} % of the requests', n_occasions, 100 * $min_part, 100 * share),
        '.') as statement
from measured
order by candidate_id
