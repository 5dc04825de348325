-- A prompt that one account was refused is sent by another within a minute
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view cluster_members as from read_parquet(['data/cluster_members.parquet']);
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp table accounts_of_groups as
with members as (
    select a.value as group_id, a.account_id, a.n_exchanges
    from account_attributes as a
    semi join templates as t on t.template_id = a.value and t.kind = a.attribute and t.kind <> 'prompt' and t.n_accounts >= 10
    union all
    select m.cluster_id, m.account_id, p.n_exchanges
    from cluster_members as m
    join account_profiles as p on p.account_id = m.account_id
    qualify count(*) over (partition by m.cluster_id) >= 10
)
select
    group_id,
    account_id,
    n_exchanges
from members
order by group_id, account_id;
create or replace temp view carried_exchanges as
select mark_template as group_id, * from exchange_features where mark_template is not null
union all
select near_template as group_id, * from exchange_features where near_template is not null
union all
select pace_template as group_id, * from exchange_features where pace_template is not null
union all
select parameter_template as group_id, * from exchange_features where parameter_template is not null
union all
select passage_template as group_id, * from exchange_features where passage_template is not null
union all
select prefix_template as group_id, * from exchange_features where prefix_template is not null
union all
select suffix_template as group_id, * from exchange_features where suffix_template is not null
union all
select system_template as group_id, * from exchange_features where system_template is not null
union all
select varied_template as group_id, * from exchange_features where varied_template is not null;
create or replace temp view stored_group_exchanges as
select carried.*
from carried_exchanges as carried
semi join accounts_of_groups as a on a.group_id = carried.group_id
union all
select a.group_id, e.*
from exchange_features as e
join accounts_of_groups as a on a.account_id = e.account_id
where starts_with(a.group_id, 'cluster:');
create or replace temp view group_exchanges as select * from stored_group_exchanges;
create or replace temp view next_prompts as from read_parquet(['data/next_prompts.parquet']);
with followed as (
    select
        e.record_id,
        e.account_id,
        e.status,
        n.next_account_id as next_account,
        n.delay_us,
        n.customer = n.next_customer as is_same_holder
    from exchange_features as e
    left join next_prompts as n on n.record_id = e.record_id
    where e.prompt_hash is not null
),
marked as (
    select
        record_id,
        account_id,
        next_account,
        delay_us,
        status in ('limited', 'error', 'blocked') as is_failed,
        coalesce(delay_us <= 60 * 1000000 and next_account <> account_id and not is_same_holder, false) as is_reissued,
        coalesce(delay_us <= 60 * 1000000 and next_account = account_id, false) as is_retried
    from followed
    where status in ('ok', 'limited', 'error', 'blocked')
),
log_totals as (
    select count(*) filter (where is_failed) as n_failed, count(*) filter (where is_failed and is_reissued) as n_reissued
    from marked
),
-- Only failed exchanges and repeated successful ones have to be looked up in the groups; the rest of the successful ones are counted.
group_totals as (
    select g.group_id, count(*) as n_all
    from group_exchanges as g
    where g.prompt_hash is not null
    group by g.group_id
),
of_interest as (
    select record_id, account_id, next_account, delay_us, is_failed, is_reissued, is_retried
    from marked
    where is_failed or is_reissued
),
per_group as (
    select
        g.group_id,
        count(*) filter (where m.is_failed) as n_failed,
        count(distinct m.account_id) filter (where m.is_failed) as n_accounts,
        count(*) filter (where m.is_failed and m.is_reissued) as n_reissued,
        count(distinct m.account_id) filter (where m.is_failed and m.is_reissued) as n_reissued_accounts,
        count(distinct (m.account_id, m.next_account)) filter (where m.is_failed and m.is_reissued) as n_pairs,
        count(*) filter (where m.is_failed and m.is_retried) as n_retried,
        count(*) filter (where not m.is_failed and m.is_reissued) as n_reissued_after_success,
        median(m.delay_us) filter (where m.is_failed and m.is_reissued) as median_delay_us
    from group_exchanges as g
    join of_interest as m on m.record_id = g.record_id
    group by g.group_id
    having count(*) filter (where m.is_failed) >= 20
),
judged as (
    select
        p.group_id,
        p.n_failed,
        p.n_accounts,
        p.n_reissued,
        p.n_reissued_accounts,
        p.n_pairs,
        p.n_retried,
        p.median_delay_us,
        p.n_reissued / nullif(p.n_failed, 0) as share,
        coalesce(p.n_reissued_after_success / nullif(t.n_all - p.n_failed, 0), 0) as share_after_success,
        (l.n_reissued - p.n_reissued) / nullif(l.n_failed - p.n_failed, 0) as share_in_rest
    from per_group as p
    join group_totals as t on t.group_id = p.group_id
    cross join log_totals as l
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest(0.2, 5 * share_after_success), 6)
    and n_reissued >= 10
    and n_reissued_accounts >= 7 as is_fired,
    round(share, 6) as value,
    round(share_after_success, 6) as baseline,
    round(greatest(0.2, 5 * share_after_success), 6) as threshold,
    n_failed as n_exchanges,
    n_accounts,
    n_reissued,
    n_reissued_accounts,
    n_pairs,
    n_retried as n_retried_by_same,
    round(share_in_rest, 6) as share_in_rest,
    round(median_delay_us / 1000000, 3) as median_delay_s
from judged
order by entity_id;
