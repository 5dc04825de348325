-- A course or workshop that meets online
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
with members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
slots as (
    select candidate_id, epoch_us(started_at) // 1000000 // 10800 as slot, count(*) as n, count(distinct account_id) as n_active
    from candidate_features
    group by 1, 2
),
measured as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(sum(s.n), 0)::bigint as n_exchanges,
        coalesce(sum(s.n) filter (where s.n_active >= 0.6 * m.n_accounts) / sum(s.n), 0) as common_share,
        count(*) filter (where s.n_active >= 0.6 * m.n_accounts) as n_common,
        coalesce(max(s.slot) - min(s.slot) + 1, 0) as n_slots
    from members as m
    left join slots as s on s.candidate_id = m.candidate_id
    group by m.candidate_id, m.n_accounts
),
judged as (
    select *, common_share >= 0.8 and n_common <= 0.25 * n_slots as is_partly from measured
)
select
    candidate_id,
    case when is_partly then 'partly' else 'rebutted' end as verdict,
    round(common_share, 6) as value,
    0.8::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_partly then 'The group is consistent with a course that meets online: '
            else 'The accounts do not meet at a few common hours: '
        end,
        format('{:.1f} % of the requests lie in {} slots of three hours, of {} from the first to the last, in which at least {:.0f} % of the accounts are active', 100 * common_share, n_common, n_slots, 100 * 0.6),
        '.') as statement
from judged
order by candidate_id;
