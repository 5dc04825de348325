-- Everybody uses up the same quota
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
with loads as (
    select candidate_id, account_id, started_at::date as day, count(*) filter (where coalesce(status, 'ok') = 'ok') as n
    from candidate_features
    group by candidate_id, account_id, started_at::date
),
counted as (
    select candidate_id, n, count(*) as n_days from loads where n >= 5 group by candidate_id, n
),
quotas as (
    select candidate_id, max(n_days) as n_at_quota, arg_max(n, (n_days, n)) as quota, sum(n_days) as n_days
    from counted
    group by candidate_id
),
sizes as (
    select candidate_id, sum(n)::bigint as n_exchanges from loads group by candidate_id
),
members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
measured as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(s.n_exchanges, 0) as n_exchanges,
        coalesce(q.quota, 0) as quota,
        coalesce(q.n_at_quota / q.n_days, 0) as quota_share
    from members as m
    left join sizes as s on s.candidate_id = m.candidate_id
    left join quotas as q on q.candidate_id = m.candidate_id
)
select
    candidate_id,
    case when quota_share >= 0.4 then 'partly' else 'rebutted' end as verdict,
    round(quota_share, 6) as value,
    0.4::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when quota_share >= 0.4 then 'A quota may account for the equal loads: '
            else 'A quota does not account for the loads: '
        end,
        format('on {:.1f} % of the days with {} or more answered requests an account had exactly {}', 100 * quota_share, 5, quota),
        '.') as statement
from measured
order by candidate_id;
