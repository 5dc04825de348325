-- One event reaches every account at the same time
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
with gaps as (
    select
        candidate_id,
        account_id,
        record_id,
        started_at,
        coalesce(epoch_us(started_at) - lag(epoch_us(started_at)) over turn > 300 * 1000000, true)::bigint as is_first
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
        count(*) filter (where o.n_accounts >= 0.5 * m.n_accounts and o.n <= 1.5 * o.n_accounts) as n_occasions,
        coalesce(sum(o.n) filter (where o.n_accounts >= 0.5 * m.n_accounts and o.n <= 1.5 * o.n_accounts) / sum(o.n), 0) as share
    from members as m
    left join occasions as o on o.candidate_id = m.candidate_id
    group by m.candidate_id, m.n_accounts
)
select
    candidate_id,
    case when n_occasions >= 5 and share >= 0.7 then 'partly' else 'rebutted' end as verdict,
    round(share, 6) as value,
    0.7::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when n_occasions >= 5 and share >= 0.7 then 'The group is consistent with copies of one product that react to the same events: '
            else 'The accounts do not react to common events: '
        end,
        format('{} occasions on which at least {:.0f} % of the accounts call, about once each, hold {:.1f} % of the requests', n_occasions, 100 * 0.5, 100 * share),
        '.') as statement
from measured
order by candidate_id;
