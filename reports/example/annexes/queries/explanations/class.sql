-- A class, course or team in one place
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view explained_groups as from read_parquet(['findings/explained_groups.parquet']);
create or replace temp view candidate_members as
select coalesce(campaign_id, split_part(reason_not_in_campaign, ':', 1)) as candidate_id, account_id
from accounts
where campaign_id is not null or split_part(reason_not_in_campaign, ':', 1) in (select group_id from explained_groups);
create or replace temp view template_exchanges as from read_parquet(['data/template_exchanges.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view candidate_templates as
select campaign_id as candidate_id, unnest(templates) as template_id from campaigns
union all select group_id, unnest(templates) from explained_groups;
create or replace temp table candidate_exchanges as
with carried as (
    select distinct m.candidate_id, e.record_id, e.account_id, e.started_at
    from candidate_templates as t
    join template_exchanges as e on e.template_id = t.template_id
    join candidate_members as m on m.candidate_id = t.candidate_id and m.account_id = e.account_id
)
select candidate_id, record_id, account_id, started_at from carried
union all
select m.candidate_id, e.record_id, e.account_id, e.started_at
from candidate_members as m
anti join candidate_templates as t on t.candidate_id = m.candidate_id
join exchange_features as e on e.account_id = m.account_id;
create or replace temp table candidate_features as
select c.candidate_id, e.*
from candidate_exchanges as c
join exchange_features as e on e.record_id = c.record_id;
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
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
    where a.n - d.n <= 0.1 * greatest(1, a.n_all - s.n_with_domain)
    group by d.candidate_id
),
measured as (
    select
        s.candidate_id,
        s.n_accounts,
        coalesce(t.n_exchanges, 0) as n_exchanges,
        case when t.n_with_network >= 0.5 * t.n_exchanges then n.n_largest / t.n_with_network end as network_share,
        case when s.n_with_domain >= 0.5 * s.n_accounts then coalesce(o.n_largest, 0) / s.n_with_domain end as domain_share,
        case when t.n_days >= 3 then q.n / t.n_exchanges end as quiet_share
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
        (network_share >= 0.8 or domain_share >= 0.8) and quiet_share <= 0.1 as is_explained,
        (network_share >= 0.5 or domain_share >= 0.5) and quiet_share <= 0.1 as is_partly
    from measured
)
select
    candidate_id,
    case when is_explained then 'applies' when is_partly then 'partly' when not is_partly then 'rebutted' else 'not_checkable' end as verdict,
    round(greatest(network_share, domain_share), 6) as value,
    0.8::double as baseline,
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
order by candidate_id;
