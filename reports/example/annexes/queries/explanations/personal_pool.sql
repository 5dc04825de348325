-- One person or team with a few subscriptions
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
with sizes as (
    select candidate_id, count(*) as n_exchanges from candidate_features group by candidate_id
)
select
    m.candidate_id,
    case when count(*) <= 6 then 'applies' else 'rebutted' end as verdict,
    count(*)::double as value,
    6::double as baseline,
    coalesce(any_value(s.n_exchanges), 0) as n_exchanges,
    count(*) as n_accounts,
    case
        when count(*) <= 6
            then format('The group has {} accounts, which is consistent with one person who uses several subscriptions in turn.', count(*))
        else format('The group has {} accounts, more than the {} that personal pools have.', count(*), 6)
    end as statement
from candidate_members as m
left join sizes as s on s.candidate_id = m.candidate_id
group by m.candidate_id
order by m.candidate_id;
