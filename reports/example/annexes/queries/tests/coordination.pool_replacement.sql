-- Accounts that end in a group are followed by new ones
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
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
create or replace temp view group_accounts as select * from accounts_of_groups;
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
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
with members as (
    select group_id, account_id
    from group_accounts
    where n_exchanges >= 10
    qualify count(*) over (partition by group_id) >= 20
),
-- Group 'log' stands for all accounts of the log: the comparison.
lives as (
    select e.group_id, e.account_id, min(e.started_at) as first_at, max(e.started_at) as last_at, count(*) as n
    from group_exchanges as e
    semi join members as m on m.group_id = e.group_id and m.account_id = e.account_id
    group by e.group_id, e.account_id
    union all
    select 'log', account_id, first_seen, last_seen, n_exchanges
    from account_profiles
    where n_exchanges >= 10
),
group_times as (
    select group_id, min(first_at) as begins_at, max(last_at) as ends_at, count(*) as n_accounts, sum(n)::bigint as n_exchanges
    from lives
    group by group_id
),
events as (
    select l.group_id, l.account_id, case when c.reason in ('organisation', 'tenant') then c.named_customer end as tenant, l.first_at as happened_at, true as is_start
    from lives as l
    join group_times as t on t.group_id = l.group_id
    join customers as c on c.account_id = l.account_id
    where l.first_at >= t.begins_at + to_hours(48) and l.first_at::date < l.last_at::date
    union all
    select l.group_id, l.account_id, case when c.reason in ('organisation', 'tenant') then c.named_customer end as tenant, l.last_at, false
    from lives as l
    join group_times as t on t.group_id = l.group_id
    join customers as c on c.account_id = l.account_id
    where l.last_at <= t.ends_at - to_hours(48) and l.first_at::date < l.last_at::date
),
windowed_events as (
    select group_id, account_id, tenant, happened_at, is_start, unnest([6, 24]) as window_h
    from events
),
-- Starts around every event: all of them, less those of the same tenant.
counted as (
    select
        group_id,
        window_h,
        is_start,
        count(*) filter (where is_start) over after_it
        - case when tenant is null then 0 else count(*) filter (where is_start) over after_it_in_tenant end as n_after,
        count(*) filter (where is_start) over before_it
        - case when tenant is null then 0 else count(*) filter (where is_start) over before_it_in_tenant end as n_before
    from windowed_events
    window
        after_it as (
            partition by group_id, window_h order by happened_at range between current row and to_hours(window_h) following),
        after_it_in_tenant as (
            partition by group_id, window_h, tenant order by happened_at range between current row and to_hours(window_h) following),
        before_it as (
            partition by group_id, window_h order by happened_at range between to_hours(window_h) preceding and current row),
        before_it_in_tenant as (
            partition by group_id, window_h, tenant order by happened_at range between to_hours(window_h) preceding and current row)
),
per_group as (
    select
        group_id,
        window_h,
        count(*) filter (where not is_start) as n_ends,
        count(*) filter (where is_start) as n_starts,
        coalesce(sum(n_after) filter (where not is_start), 0)::bigint as n_pairs,
        coalesce(sum(n_before) filter (where not is_start), 0)::bigint as n_pairs_before,
        count(*) filter (where not is_start and n_after > 0) as n_replaced
    from counted
    group by group_id, window_h
),
judged as (
    select
        p.group_id,
        p.window_h,
        t.n_accounts,
        t.n_exchanges,
        p.n_ends,
        p.n_starts,
        p.n_pairs,
        p.n_pairs_before,
        p.n_replaced,
        p.n_ends * p.n_starts * p.window_h * 3600
            / nullif(epoch(t.ends_at) - epoch(t.begins_at) - 48 * 3600, 0) as n_expected
    from per_group as p
    join group_times as t on t.group_id = p.group_id
    where p.n_ends >= 5 and p.n_starts >= 5
),
ratios as (
    select
        group_id,
        window_h,
        n_accounts,
        n_exchanges,
        n_ends,
        n_starts,
        n_pairs,
        n_expected,
        n_pairs / nullif(n_expected, 0) as ratio,
        n_pairs_before / nullif(n_expected, 0) as ratio_before,
        greatest(4, 2 * n_pairs_before / nullif(n_expected, 0)) as threshold,
        n_replaced / nullif(n_ends, 0) as share_replaced
    from judged
),
chosen as (
    select
        group_id, window_h, n_accounts, n_exchanges, n_ends, n_starts, n_pairs, n_expected, ratio, ratio_before, threshold, share_replaced
    from ratios
    where group_id <> 'log'
    qualify row_number() over (partition by group_id order by ratio / nullif(threshold, 0) desc, window_h) = 1
)
select
    c.group_id as entity_id,
    round(c.ratio, 6) >= round(c.threshold, 6) and c.n_pairs >= 5 as is_fired,
    round(c.ratio, 6) as value,
    round(l.ratio, 6) as baseline,
    round(c.threshold, 6) as threshold,
    c.n_exchanges,
    c.n_accounts,
    c.window_h,
    c.n_ends,
    c.n_starts,
    c.n_pairs,
    round(c.n_expected, 6) as n_pairs_expected,
    round(c.ratio_before, 6) as ratio_before,
    round(c.share_replaced, 6) as share_replaced
from chosen as c
left join ratios as l on l.group_id = 'log' and l.window_h = c.window_h
order by entity_id;
