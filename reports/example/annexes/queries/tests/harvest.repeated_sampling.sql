-- A group has the same prompts answered several times over on different accounts
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
create or replace temp view all_group_accounts as select * from accounts_of_groups;
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
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
with prompt_customers as (
    select e.prompt_hash, c.customer, count(*) as n
    from exchange_features as e
    join customers as c on c.account_id = e.account_id
    where e.prompt_hash is not null and e.status = 'ok' and coalesce(e.prompt_chars, 48) >= 48
    group by e.prompt_hash, c.customer
),
sampled as (
    select prompt_hash, sum(n)::bigint as n_answers
    from prompt_customers
    group by prompt_hash
    having sum(n) >= 4 and count(*) >= 2
),
account_answers as (
    select e.account_id, count(*) as n, count(s.prompt_hash) as n_sampled
    from exchange_features as e
    left join sampled as s on s.prompt_hash = e.prompt_hash
    where e.prompt_hash is not null and e.status = 'ok'
    group by e.account_id
),
log_answers as (
    select coalesce(sum(n), 0)::bigint as n, coalesce(sum(n_sampled), 0)::bigint as n_sampled from account_answers
),
large_groups as (
    select group_id, n_accounts
    from groups
    where n_accounts >= 20 and n_exchanges >= 200
),
members as (
    select a.group_id, sum(m.n)::bigint as n, sum(m.n_sampled)::bigint as n_sampled
    from all_group_accounts as a
    semi join large_groups as g on g.group_id = a.group_id
    join account_answers as m on m.account_id = a.account_id
    group by a.group_id
),
inside as (
    select
        e.group_id,
        count(*) as n,
        count(s.prompt_hash) as n_sampled,
        count(distinct e.account_id) filter (where s.prompt_hash is not null) as n_sampling_accounts,
        count(*) filter (where e.n_choices >= 4) / nullif(count(e.n_choices), 0) as share_several_choices,
        count(*) filter (where e.finish_reason = 'length') / nullif(count(e.finish_reason), 0) as share_cut_off,
        median(e.output_tokens) as median_output_tokens
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    left join sampled as s on s.prompt_hash = e.prompt_hash
    where e.prompt_hash is not null and e.status = 'ok'
    group by e.group_id
    having count(*) >= 200
),
group_prompts as (
    select e.group_id, e.prompt_hash, min(s.n_answers) as n_answers
    from group_exchanges as e
    semi join inside as i on i.group_id = e.group_id and i.n_sampled > 0
    join sampled as s on s.prompt_hash = e.prompt_hash
    where e.status = 'ok'
    group by e.group_id, e.prompt_hash
),
prompts as (
    select group_id, count(*) as n_prompts, median(n_answers) as typical_samples from group_prompts group by group_id
),
judged as (
    select
        i.*,
        g.n_accounts,
        coalesce(p.n_prompts, 0) as n_sampled_prompts,
        p.typical_samples,
        i.n_sampled / nullif(i.n, 0) as share,
        (l.n_sampled - m.n_sampled) / nullif(l.n - m.n, 0) as rest_share
    from inside as i
    join large_groups as g on g.group_id = i.group_id
    join members as m on m.group_id = i.group_id
    left join prompts as p on p.group_id = i.group_id
    cross join log_answers as l
    where l.n - m.n >= 200
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest(0.2, 5 * rest_share), 6)
    and n_sampled_prompts >= 100
    and n_sampling_accounts >= 20 as is_fired,
    round(share, 6) as value,
    round(rest_share, 6) as baseline,
    round(greatest(0.2, 5 * rest_share), 6)::double as threshold,
    n as n_exchanges,
    n_accounts,
    n_sampled_prompts,
    n_sampled,
    n_sampling_accounts,
    typical_samples,
    share_several_choices,
    share_cut_off,
    median_output_tokens
from judged
order by entity_id;
