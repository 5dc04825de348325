/*---
id = "confounder.class"
title = "A class, course or team in one place"
question = "Do the accounts belong to people of one place or school, who keep common hours?"
reads = ["candidate_members", "candidate_features", "account_profiles"]
params.place_share = "most"
params.partly_share = "half"
params.max_outside_share = "few"
params.max_quiet_share = "few"
params.min_days = "days"
references = ["education platforms: hundreds of student accounts, one prompt, one network, at the same time"]
version = 4
---*/
with totals as (
    select
        candidate_id,
        count(*) as n_exchanges,
        count(ip_prefix) as n_with_network,
        date_diff('second', min(started_at), max(started_at)) / 86400 as n_days
    from candidate_features
    group by candidate_id
),
networks as (
    select candidate_id, max(n) as n_largest
    from (select candidate_id, ip_prefix, count(*) as n from candidate_features where ip_prefix is not null group by candidate_id, ip_prefix)
    group by candidate_id
),
hours as (
    select t.candidate_id, h.hour, count(e.record_id) as n
    from totals as t
    cross join range(24) as h (hour)
    left join candidate_features as e on e.candidate_id = t.candidate_id and hour(e.started_at) = h.hour
    group by t.candidate_id, h.hour
),
quiet as (
    select a.candidate_id, min(a.n + b.n + c.n + d.n + e.n + f.n) as n
    from hours as a
    join hours as b on b.candidate_id = a.candidate_id and b.hour = (a.hour + 1) % 24
    join hours as c on c.candidate_id = a.candidate_id and c.hour = (a.hour + 2) % 24
    join hours as d on d.candidate_id = a.candidate_id and d.hour = (a.hour + 3) % 24
    join hours as e on e.candidate_id = a.candidate_id and e.hour = (a.hour + 4) % 24
    join hours as f on f.candidate_id = a.candidate_id and f.hour = (a.hour + 5) % 24
    group by a.candidate_id
),
members as (
    select m.candidate_id, m.account_id, p.email_domain
    from candidate_members as m
    left join account_profiles as p on p.account_id = m.account_id
),
sizes as (
    select candidate_id, count(*) as n_accounts, count(email_domain) as n_with_domain from members group by candidate_id
),
domains as (
    select candidate_id, email_domain, count(*) as n from members where email_domain is not null group by candidate_id, email_domain
),
everybody as (
    select email_domain, count(*) as n, sum(count(*)) over () as n_all from account_profiles where email_domain is not null group by email_domain
),
own_domains as (
    select d.candidate_id, max(d.n) as n_largest
    from domains as d
    join everybody as a on a.email_domain = d.email_domain
    join sizes as s on s.candidate_id = d.candidate_id
    where a.n - d.n <= $max_outside_share * greatest(1, a.n_all - s.n_with_domain)
    group by d.candidate_id
),
measured as (
    select
        s.candidate_id,
        s.n_accounts,
        coalesce(t.n_exchanges, 0) as n_exchanges,
        case when t.n_with_network >= 0.5 * t.n_exchanges then n.n_largest / t.n_with_network end as network_share,
        case when s.n_with_domain >= 0.5 * s.n_accounts then coalesce(o.n_largest, 0) / s.n_with_domain end as domain_share,
        case when t.n_days >= $min_days then q.n / t.n_exchanges end as quiet_share
    from sizes as s
    left join totals as t on t.candidate_id = s.candidate_id
    left join networks as n on n.candidate_id = s.candidate_id
    left join own_domains as o on o.candidate_id = s.candidate_id
    left join quiet as q on q.candidate_id = s.candidate_id
),
judged as (
    select
        *,
        -- Three-valued: an unknown condition leaves the explanation open unless another one fails.
        (network_share >= $place_share or domain_share >= $place_share) and quiet_share <= $max_quiet_share as is_explained,
        (network_share >= $partly_share or domain_share >= $partly_share) and quiet_share <= $max_quiet_share as is_partly
    from measured
)
select
    candidate_id,
    case when is_explained then 'applies' when is_partly then 'partly' when not is_partly then 'rebutted' else 'not_checkable' end as verdict,
    round(greatest(network_share, domain_share), 6) as value,
    $place_share::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_explained or is_partly then 'The group is consistent with people of one place who keep common hours: '
            when not is_partly then 'The group is not a class or team in one place: '
            else 'Whether the group is a class or team in one place cannot be settled: '
        end,
        array_to_string(
            [
                coalesce(format('{:.1f} % of its requests come from one network', 100 * network_share), case when is_partly is null then 'addresses are not known' end),
                coalesce(format('{:.1f} % of its accounts share a mail domain that is rare elsewhere', 100 * domain_share), case when is_partly is null then 'mail domains are not known' end),
                coalesce(format('{:.1f} % of its requests fall into its quietest six hours of the day', 100 * quiet_share), case when is_partly is null then 'the log is too short for a daily rhythm' end)
            ], ', '),
        '.') as statement
from judged
order by candidate_id
