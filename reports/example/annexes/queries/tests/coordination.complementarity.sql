-- The accounts of a group share out one list of tasks instead of drawing from it
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
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
create or replace temp view group_accounts as select * from accounts_of_groups;
create or replace temp table groups as
select
    group_id,
    split_part(group_id, ':', 1) as kind,
    sum(n_exchanges)::bigint as n_exchanges,
    count(*) as n_accounts
from group_accounts
group by group_id;
with large_groups as (
    select group_id from groups where n_accounts >= 20 and n_exchanges >= 200
),
-- Calls that failed are taken over by other accounts; they are no second draw.
answered as (
    select e.group_id, e.account_id, c.named_customer as tenant, e.prompt_hash, e.first_number, e.last_number
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    join customers as c on c.account_id = e.account_id
    where coalesce(e.status, 'ok') in ('ok', 'partial')
),
tenants as (
    select group_id, count(*) as n_tenants
    from (select distinct group_id, tenant from answered)
    group by group_id
    having count(*) >= 20
),
draws as (
    select group_id, 'first number' as list_kind, account_id, first_number::varchar as item, first_number as number, count(*) as n
    from answered
    where first_number is not null
    group by group_id, account_id, first_number
    union all
    select group_id, 'last number', account_id, last_number::varchar, last_number, count(*)
    from answered
    where last_number is not null
    group by group_id, account_id, last_number
    union all
    select group_id, 'prompts', account_id, prompt_hash, null, count(*)
    from answered
    where prompt_hash is not null
    group by group_id, account_id, prompt_hash
),
items as (
    select d.group_id, d.list_kind, d.item, min(d.number) as number, count(*) as n_accounts
    from draws as d
    semi join tenants as t on t.group_id = d.group_id
    group by d.group_id, d.list_kind, d.item
),
ranges as (
    select
        group_id,
        list_kind,
        quantile_disc(number, 0.01) as low,
        quantile_disc(number, 1 - 0.01) as high
    from items
    group by group_id, list_kind
),
kept_items as (
    select i.group_id, i.list_kind, i.item, i.n_accounts, r.high - r.low + 1 as range_length
    from items as i
    join ranges as r on r.group_id = i.group_id and r.list_kind = i.list_kind
    where i.list_kind = 'prompts' or i.number between r.low and r.high
),
lists as (
    select
        group_id,
        list_kind,
        count(*) as n_seen,
        min(range_length) as range_length,
        sum(n_accounts)::bigint as n_draws,
        sum(n_accounts * (n_accounts - 1))::bigint // 2 as n_meetings
    from kept_items
    group by group_id, list_kind
    having count(*) >= 200
        and case list_kind
            when 'prompts' then sum(n_accounts) >= 2 * count(*)
            else count(*) >= 0.7 * min(range_length)
        end
),
per_account as (
    select d.group_id, d.list_kind, d.account_id, count(*) as n_items, sum(d.n)::bigint as n
    from draws as d
    semi join lists as l on l.group_id = d.group_id and l.list_kind = d.list_kind
    semi join kept_items as k on k.group_id = d.group_id and k.list_kind = d.list_kind and k.item = d.item
    group by d.group_id, d.list_kind, d.account_id
),
totals as (
    select
        group_id,
        list_kind,
        count(*) as n_accounts,
        sum(n)::bigint as n_exchanges,
        (sum(n_items)::hugeint * sum(n_items)::hugeint - sum(n_items * n_items))::double / 2 as n_pairs
    from per_account
    group by group_id, list_kind
    having sum(n_items) >= 5 * count(*)
),
-- Without numbers the length L of the list follows from d seen tasks in n draws: d = L (1 - exp(-n / L)), by four steps from L = d on.
estimated as (
    select
        l.*,
        l.n_seen / nullif(1 - exp(-l.n_draws / nullif(l.n_seen / nullif(1 - exp(-l.n_draws / nullif(l.n_seen / nullif(1 - exp(-l.n_draws
            / nullif(l.n_seen / nullif(1 - exp(-l.n_draws / nullif(l.n_seen, 0)), 0), 0)), 0), 0)), 0), 0)), 0) as estimated_length
    from lists as l
),
judged as (
    select
        e.group_id,
        e.list_kind,
        e.n_seen,
        e.n_meetings,
        t.n_accounts,
        t.n_exchanges,
        n.n_tenants,
        case when e.list_kind = 'prompts' then e.estimated_length else e.range_length end as n_items,
        t.n_pairs / nullif(case when e.list_kind = 'prompts' then e.estimated_length else e.range_length end, 0) as n_expected
    from estimated as e
    join totals as t on t.group_id = e.group_id and t.list_kind = e.list_kind
    join tenants as n on n.group_id = e.group_id
),
chosen as (
    select *
    from judged
    where n_expected >= 50
    qualify row_number() over (partition by group_id order by round(n_meetings / nullif(n_expected, 0), 6), list_kind) = 1
)
select
    group_id as entity_id,
    round((n_meetings + 2.576 * sqrt(n_meetings)) / nullif(n_expected, 0), 6) <= 0.8 as is_fired,
    round(n_meetings / nullif(n_expected, 0), 6) as value,
    1.0::double as baseline,
    0.8::double as threshold,
    n_exchanges,
    n_accounts,
    list_kind,
    round(n_items)::bigint as n_items,
    n_seen as n_items_seen,
    n_meetings,
    round(n_expected, 3) as n_meetings_expected,
    round(greatest(0, n_expected - 2.576 * sqrt(n_expected)), 3) as expected_low,
    round(n_expected + 2.576 * sqrt(n_expected), 3) as expected_high,
    n_tenants
from chosen
order by entity_id;
