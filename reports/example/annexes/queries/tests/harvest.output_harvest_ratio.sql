-- A group buys far more output per input token than the log's accounts
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
with account_models as (
    select account_id, coalesce(model, '') as model, count(*) as n, sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens
    from exchange_features
    where input_tokens > 0 and output_tokens > 0
    group by account_id, coalesce(model, '')
),
-- What the median account shows per model; models with few accounts take the median over all models.
all_models as (
    select coalesce(median(log_ratio), 0) as middle
    from (
        select ln(greatest(sum(output_tokens), 1) / nullif(sum(input_tokens), 0)) as log_ratio
        from account_models
        group by account_id
        having sum(n) >= 20
    )
),
models as (
    select model, median(ln(greatest(output_tokens, 1) / nullif(input_tokens, 0))) as middle
    from account_models
    where n >= 20
    group by model
    having count(*) >= 30
),
sampled as (
    select
        m.account_id,
        ln(greatest(sum(m.output_tokens), 1) / nullif(sum(m.input_tokens), 0))
        - sum(m.n * coalesce(r.middle, a.middle) order by m.model) / nullif(sum(m.n), 0) as excess
    from account_models as m
    cross join all_models as a
    left join models as r on r.model = m.model
    group by m.account_id
    having sum(m.n) >= 20
    order by md5(m.account_id), m.account_id
    limit 500
),
large_groups as (
    select group_id, n_accounts
    from groups
    where n_accounts >= 20 and n_exchanges >= 200
),
group_models as (
    select
        e.group_id,
        coalesce(e.model, '') as model,
        count(*) as n,
        sum(e.input_tokens)::bigint as input_tokens,
        sum(e.output_tokens)::bigint as output_tokens,
        sum(e.output_tokens) filter (where e.max_output_tokens > 0)::bigint as limited_tokens,
        sum(e.max_output_tokens) filter (where e.max_output_tokens > 0)::bigint as limits
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.input_tokens > 0 and e.output_tokens > 0
    group by e.group_id, coalesce(e.model, '')
),
measured as (
    select
        m.group_id,
        sum(m.n)::bigint as n_exchanges,
        count(*) as n_models,
        sum(m.output_tokens)::bigint as output_tokens,
        sum(m.output_tokens) / nullif(sum(m.input_tokens), 0) as ratio,
        sum(m.limited_tokens) / nullif(sum(m.limits), 0) as share_of_limit,
        sum(m.n * coalesce(r.middle, a.middle) order by m.model) / nullif(sum(m.n), 0) as middle
    from group_models as m
    cross join all_models as a
    left join models as r on r.model = m.model
    group by m.group_id
    having sum(m.n) >= 200
),
outside as (
    select
        m.group_id,
        median(s.excess) as middle,
        quantile_cont(s.excess, 0.95) as upper_end,
        count(*) filter (where s.excess < ln(nullif(m.ratio, 0)) - m.middle) / nullif(count(*), 0) as percentile,
        count(*) as n_accounts
    from measured as m
    cross join sampled as s
    anti join all_group_accounts as a on a.group_id = m.group_id and a.account_id = s.account_id
    group by m.group_id
    having count(*) >= 30
),
judged as (
    select
        m.*,
        o.percentile,
        o.n_accounts as n_reference_accounts,
        exp(m.middle + o.middle) as baseline,
        greatest(exp(m.middle + o.upper_end), 5 * exp(m.middle + o.middle)) as threshold
    from measured as m
    join outside as o on o.group_id = m.group_id
)
select
    j.group_id as entity_id,
    round(j.ratio, 6) >= round(j.threshold, 6) as is_fired,
    j.ratio as value,
    j.baseline,
    j.threshold,
    j.n_exchanges,
    g.n_accounts,
    j.percentile as outside_percentile,
    j.output_tokens,
    j.share_of_limit,
    j.n_models,
    j.n_reference_accounts
from judged as j
join large_groups as g on g.group_id = j.group_id
order by entity_id;
