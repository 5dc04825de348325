-- A group's prompts are clearly more, or less, diverse than those of the log's accounts
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
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
spectrum as (
    select group_id, n, count(*) as n_prompts, sum(n * count(*)) over (partition by group_id)::bigint as n_exchanges
    from group_prompts
    group by group_id, n
),
-- A prompt seen n times out of N is among m random exchanges with probability 1 - (1 - m / N) ^ n.
measured as (
    select
        group_id,
        n_exchanges,
        sum(n_prompts)::bigint as n_distinct_prompts,
        sum(n_prompts * (1 - pow(1 - 50 / nullif(n_exchanges, 0), n)) order by n) / nullif(50, 0) as diversity
    from spectrum
    where n_exchanges >= greatest(200, 50)
    group by group_id, n_exchanges
),
sampled as (
    select account_id, n_with_prompt
    from account_profiles
    where n_with_prompt >= 20
    order by md5(account_id), account_id
    limit 500
),
population as (
    select count(*) as n_accounts from sampled having count(*) >= 50
),
account_prompts as (
    select e.account_id, e.prompt_hash, count(*) / nullif(min(s.n_with_prompt), 0) as share
    from exchange_features as e
    join sampled as s on s.account_id = e.account_id
    where e.prompt_hash is not null
    group by e.account_id, e.prompt_hash
),
-- The chance that one random exchange of one random account is this prompt.
prompt_chances as (
    select a.prompt_hash, sum(a.share order by a.share, a.account_id) / nullif(min(p.n_accounts), 0) as chance
    from account_prompts as a
    cross join population as p
    group by a.prompt_hash
),
reference as (
    select
        sum(1 - pow(1 - least(c.chance, 1), 50) order by c.chance) / nullif(50, 0) as diversity,
        min(p.n_accounts) as n_accounts
    from prompt_chances as c
    cross join population as p
    having count(*) > 0
),
judged as (
    select
        m.*,
        r.diversity as reference_diversity,
        r.n_accounts as n_reference_accounts,
        round(m.diversity - r.diversity, 6) as difference
    from measured as m
    cross join reference as r
)
select
    j.group_id as entity_id,
    abs(j.difference) >= 0.1 as is_fired,
    j.diversity as value,
    j.reference_diversity as baseline,
    j.reference_diversity + case when j.difference > 0 then 0.1 else -0.1 end as threshold,
    j.n_exchanges,
    g.n_accounts,
    case when abs(j.difference) < 0.1 then 'same' when j.difference > 0 then 'more_diverse' else 'less_diverse' end as direction,
    j.n_distinct_prompts,
    j.n_distinct_prompts / nullif(j.n_exchanges, 0) as distinct_share,
    j.n_reference_accounts
from judged as j
join large_groups as g on g.group_id = j.group_id
order by entity_id;
