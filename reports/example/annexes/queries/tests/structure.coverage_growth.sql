-- A group keeps bringing new prompts where single accounts already repeat theirs
create or replace temp macro wilson_low(share, n, z) as
    (share + z * z / nullif(2 * n, 0) - z * sqrt(share * (1 - share) / nullif(n, 0) + z * z / nullif(4 * n * n, 0))) / nullif(1 + z * z / nullif(n, 0), 0);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
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
create or replace temp view all_group_accounts as select * from accounts_of_groups;
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view carried_exchanges as
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
select system_template as group_id, * from exchange_features where system_template is not null;
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
    select group_id, n_accounts
    from groups
    where n_accounts >= 20 and n_exchanges >= 200
),
group_prompts as (
    select e.group_id, e.prompt_hash, count(*) as n
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.prompt_hash is not null
    group by e.group_id, e.prompt_hash
),
measured as (
    select
        group_id,
        sum(n)::bigint as n_exchanges,
        count(*) as n_distinct_prompts,
        count(*) filter (where n = 1) as n_once,
        count(*) filter (where n = 2) as n_twice,
        count(*) filter (where n = 1) / nullif(sum(n), 0) as unseen
    from group_prompts
    group by group_id
    having sum(n) >= 200
),
sampled as (
    select account_id
    from account_profiles
    where n_with_prompt >= 20
    order by md5(account_id), account_id
    limit 500
),
account_prompts as (
    select e.account_id, e.prompt_hash, count(*) as n
    from exchange_features as e
    semi join sampled as s on s.account_id = e.account_id
    where e.prompt_hash is not null
    group by e.account_id, e.prompt_hash
),
accounts as (
    select account_id, sum(n)::bigint as n_exchanges, count(*) filter (where n = 1) / nullif(sum(n), 0) as unseen
    from account_prompts
    group by account_id
),
outside as (
    select
        m.group_id,
        median(a.unseen) as unseen,
        median(a.n_exchanges) as n_exchanges,
        count(*) as n_accounts
    from measured as m
    cross join accounts as a
    anti join all_group_accounts as g on g.group_id = m.group_id and g.account_id = a.account_id
    group by m.group_id
    having count(*) >= 30
),
bounded as (
    select
        *,
        wilson_low(unseen, n_exchanges, 2.576) as lower_bound
    from measured
)
select
    b.group_id as entity_id,
    round(b.lower_bound, 6) >= round(1 - 0.5 * (1 - r.unseen), 6) and b.n_exchanges >= 20 * r.n_exchanges as is_fired,
    b.unseen as value,
    r.unseen as baseline,
    (1 - 0.5 * (1 - r.unseen))::double as threshold,
    b.n_exchanges,
    g.n_accounts,
    b.n_distinct_prompts,
    b.n_once,
    b.n_twice,
    b.n_exchanges / nullif(r.n_exchanges, 0) as size_ratio,
    b.lower_bound,
    r.n_accounts as n_reference_accounts
from bounded as b
join large_groups as g on g.group_id = b.group_id
join outside as r on r.group_id = b.group_id
order by entity_id;
