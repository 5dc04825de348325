-- One list of tasks that everybody gets: a course, a challenge, a benchmark
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
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
prompts as (
    select candidate_id, prompt_hash, count(*) as n, count(distinct account_id) as n_accounts
    from candidate_features
    where prompt_hash is not null
    group by candidate_id, prompt_hash
),
shared as (
    select candidate_id, sum(n * n_accounts)::bigint as n_weighted, sum(n)::bigint as n_with_prompt from prompts group by candidate_id
),
totals as (
    select candidate_id, count(*) as n_exchanges from candidate_features group by candidate_id
),
measured as (
    select
        s.candidate_id,
        s.n_accounts,
        coalesce(t.n_exchanges, 0) as n_exchanges,
        case when p.n_with_prompt >= 0.5 * t.n_exchanges then p.n_weighted / p.n_with_prompt / s.n_accounts end as shared_share
    from sizes as s
    left join totals as t on t.candidate_id = s.candidate_id
    left join shared as p on p.candidate_id = s.candidate_id
)
select
    candidate_id,
    case
        when shared_share >= 0.5 then 'applies'
        when shared_share >= 0.3 then 'partly'
        when shared_share is not null then 'rebutted'
        else 'not_checkable'
    end as verdict,
    round(shared_share, 6) as value,
    0.5::double as baseline,
    n_exchanges,
    n_accounts,
    case
        when shared_share >= 0.3
        then format('The group is consistent with one list of tasks that everybody gets: a prompt is sent by {:.1f} % of the accounts on average.', 100 * shared_share)
        when shared_share is not null
        then format('The accounts do not send one common list: a prompt is sent by {:.1f} % of them on average.', 100 * shared_share)
        else 'Whether the accounts send one common list cannot be settled: prompts are not known.'
    end as statement
from measured
order by candidate_id;
