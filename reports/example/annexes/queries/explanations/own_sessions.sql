-- People who do the same amount of the same work
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
with slots as (
    select candidate_id, account_id, epoch_us(started_at) // 1000000 // 10800 as slot, count(*) as n
    from candidate_features
    where coalesce(status, 'ok') in ('ok', 'partial')
    group by 1, 2, 3
),
-- One account with very many calls would decide alone, since pairs grow with the square.
busiest as (
    select candidate_id, account_id
    from (select candidate_id, account_id, sum(n)::bigint as n from slots group by candidate_id, account_id)
    qualify row_number() over (partition by candidate_id order by n desc, account_id) = 1
),
kept as (
    select s.candidate_id, s.account_id, s.slot, s.n
    from slots as s
    anti join busiest as b on b.candidate_id = s.candidate_id and b.account_id = s.account_id
),
own as (
    select candidate_id, sum(n)::bigint as n, sum(n * (n - 1))::bigint as n_pairs, sum(n_same)::bigint as n_same
    from (select candidate_id, account_id, sum(n)::bigint as n, sum(n * (n - 1))::bigint as n_same from kept group by candidate_id, account_id)
    group by candidate_id
),
everybody as (
    select candidate_id, sum(n * (n - 1))::bigint as n_same
    from (select candidate_id, slot, sum(n)::bigint as n from kept group by candidate_id, slot)
    group by candidate_id
),
sizes as (
    select candidate_id, count(*) as n_exchanges from candidate_features group by candidate_id
),
members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
measured as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(z.n_exchanges, 0) as n_exchanges,
        e.n_same * o.n_pairs / nullif(o.n * (o.n - 1), 0) as n_expected,
        o.n_same
    from members as m
    left join sizes as z on z.candidate_id = m.candidate_id
    left join own as o on o.candidate_id = m.candidate_id
    left join everybody as e on e.candidate_id = m.candidate_id
),
judged as (
    select *, case when n_expected >= 2 * 20 then round(n_same / n_expected, 6) end as ratio from measured
)
select
    candidate_id,
    case when ratio >= 1.5 then 'partly' else 'rebutted' end as verdict,
    ratio as value,
    1.5::double as baseline,
    n_exchanges,
    n_accounts,
    case
        when ratio >= 1.5
            then format('The group is consistent with people who do the same amount of the same work: calls of one account lie {:.1f} times as often in the same three hours as if they were dealt out by lot.', ratio)
        when ratio is not null
            then format('The accounts have no sessions of their own: calls of one account lie {:.1f} times as often in the same three hours as if they were dealt out by lot.', ratio)
        else 'Nothing indicates sessions of the accounts: there are too few calls per account to tell.'
    end as statement
from judged
order by candidate_id;
