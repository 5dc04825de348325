-- A load test
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
with hours as (
    select candidate_id, date_trunc('hour', started_at) as hour, count(*) as n from candidate_features group by candidate_id, date_trunc('hour', started_at)
),
medians as (
    select candidate_id, median(n) as n from hours group by candidate_id
),
plateaus as (
    select h.candidate_id, coalesce(sum(h.n) filter (where abs(h.n - m.n) <= 0.5 * m.n), 0) / sum(h.n) as plateau_share
    from hours as h
    join medians as m on m.candidate_id = h.candidate_id
    group by h.candidate_id
),
totals as (
    select
        candidate_id,
        count(*) as n_exchanges,
        count(distinct prompt_hash) / nullif(count(prompt_hash), 0) as distinct_share,
        -- A failed call has no answer, and not an empty one.
        median(output_tokens) filter (where coalesce(status, 'ok') in ('ok', 'partial')) as median_output,
        median(response_bytes) filter (where coalesce(status, 'ok') in ('ok', 'partial')) as median_bytes
    from candidate_features
    group by candidate_id
),
members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
judged as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(t.n_exchanges, 0) as n_exchanges,
        t.distinct_share,
        t.median_output,
        p.plateau_share,
        t.median_bytes,
        t.distinct_share <= 0.05
            and coalesce(t.median_output <= 50, t.median_bytes <= 1000)
            and p.plateau_share >= 0.5 as is_explained
    from members as m
    left join totals as t on t.candidate_id = m.candidate_id
    left join plateaus as p on p.candidate_id = m.candidate_id
)
select
    candidate_id,
    case when is_explained then 'applies' when not is_explained then 'rebutted' else 'not_checkable' end as verdict,
    round(distinct_share, 6) as value,
    0.05::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_explained then 'The group is consistent with a load test: '
            when not is_explained then 'The group is not a load test: '
            else 'Whether the group is a load test cannot be settled: '
        end,
        array_to_string(
            [
                coalesce(format('{:.1f} % of its prompts are different ones', 100 * distinct_share), case when is_explained is null then 'prompts are not known' end),
                coalesce(
                    format('the median answer has {:.0f} tokens', median_output),
                    format('the median answer has {:.0f} bytes', median_bytes),
                    case when is_explained is null then 'the size of answers is not known' end),
                coalesce(format('{:.1f} % of its requests fall into hours of a steady rate', 100 * plateau_share), case when is_explained is null then 'times are not known' end)
            ], ', '),
        '.') as statement
from judged
order by candidate_id;
