-- A small part of the accounts buys a large part of the log's output through one template
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view cluster_members as from read_parquet(['data/cluster_members.parquet']);
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp table accounts_of_groups as
with members as (
    select a.value as group_id, a.account_id, a.n_exchanges
    from account_attributes as a
    semi join templates as t on t.template_id = a.value and t.kind = a.attribute and t.n_accounts >= 10
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
select system_template as group_id, * from exchange_features where system_template is not null
union all
select prefix_template as group_id, * from exchange_features where prefix_template is not null
union all
select suffix_template as group_id, * from exchange_features where suffix_template is not null
union all
select near_template as group_id, * from exchange_features where near_template is not null
union all
select passage_template as group_id, * from exchange_features where passage_template is not null
union all
select case when coalesce(prompt_chars, 16) >= 16 then 'prompt:' || prompt_hash end as group_id, * from exchange_features where case when coalesce(prompt_chars, 16) >= 16 then 'prompt:' || prompt_hash end is not null
union all
select parameter_template as group_id, * from exchange_features where parameter_template is not null
union all
select program_template as group_id, * from exchange_features where program_template is not null
union all
select pace_template as group_id, * from exchange_features where pace_template is not null
union all
select varied_template as group_id, * from exchange_features where varied_template is not null
union all
select mark_template as group_id, * from exchange_features where mark_template is not null;
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
with totals as (
    select count(*) as n_accounts, sum(output_tokens)::bigint as output_tokens from account_profiles
),
large_groups as (
    select group_id, n_accounts
    from groups
    where n_accounts >= 20 and n_exchanges >= 200
),
measured as (
    select e.group_id, count(*) as n_exchanges, sum(e.output_tokens)::bigint as output_tokens
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.output_tokens is not null
    group by e.group_id
    having count(*) >= 200
),
judged as (
    select
        m.*,
        g.n_accounts,
        m.output_tokens / nullif(t.output_tokens, 0) as output_share,
        g.n_accounts / nullif(t.n_accounts, 0) as account_share
    from measured as m
    join large_groups as g on g.group_id = m.group_id
    cross join totals as t
    where t.output_tokens > 0
)
select
    group_id as entity_id,
    output_share >= greatest(0.02, 3 * account_share) as is_fired,
    output_share as value,
    account_share as baseline,
    greatest(0.02, 3 * account_share)::double as threshold,
    n_exchanges,
    n_accounts,
    output_tokens,
    output_tokens / nullif(n_accounts, 0) as output_tokens_per_account,
    account_share
from judged
order by entity_id;
