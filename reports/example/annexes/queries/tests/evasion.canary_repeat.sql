-- A set of fixed prompts comes back at a regular cadence from many accounts
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
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
with large_groups as (
    select group_id, n_accounts from groups where n_accounts >= 10 and kind <> 'prompt'
),
-- Prompts of one customer are no canaries here, and most prompts have one: they fall out first.
shared as (
    select prompt_hash
    from exchange_features
    where prompt_hash is not null
    group by prompt_hash
    having min(account_id) <> max(account_id) and count(*) >= 5
),
sends as (
    select
        e.prompt_hash,
        c.customer,
        epoch_us(e.started_at) // 1000000 as sent_s,
        e.started_at::date as day,
        e.response_hash,
        e.record_id
    from exchange_features as e
    semi join shared as s on s.prompt_hash = e.prompt_hash
    join customers as c on c.account_id = e.account_id
),
prompt_days as (
    select prompt_hash, count(*) as n from (select distinct prompt_hash, day from sends) as d group by prompt_hash having count(*) >= 5
),
prompt_customers as (
    select prompt_hash, count(*) as n
    from (select distinct prompt_hash, customer from sends) as c
    group by prompt_hash
    having count(*) >= 3
),
prompt_answers as (
    select prompt_hash, count(*) as n
    from (select distinct prompt_hash, response_hash from sends where response_hash is not null) as a
    group by prompt_hash
),
-- Sends that follow the one before within minutes belong to its run; distances lie between the starts of runs.
run_starts as (
    select prompt_hash, sent_s, record_id
    from sends
    semi join prompt_days using (prompt_hash)
    semi join prompt_customers using (prompt_hash)
    qualify coalesce(sent_s - lag(sent_s) over (partition by prompt_hash order by sent_s, record_id) >= 600, true)
),
distances as (
    select prompt_hash, sent_s - lag(sent_s) over (partition by prompt_hash order by sent_s, record_id) as distance_s from run_starts
),
-- n * sum of squares - square of the sum is n^2 times the variance, in whole numbers.
timed as (
    select
        prompt_hash,
        sum(distance_s) / nullif(count(distance_s), 0) as distance_s,
        count(distance_s) >= 5 - 1
        and sqrt(greatest(count(distance_s) * sum(distance_s::hugeint * distance_s) - sum(distance_s)::hugeint * sum(distance_s)::hugeint, 0))
        / nullif(sum(distance_s), 0) <= 0.05 as is_canary
    from distances
    group by prompt_hash
),
log_prompts as (
    select count(*) as n, count(*) filter (where is_canary) as n_canaries from timed
),
group_prompts as (
    select
        e.group_id,
        e.prompt_hash,
        count(*) as n,
        count(*) filter (where e.temperature = 0) as n_cold,
        count(e.temperature) as n_with_temperature
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    semi join timed as t on t.prompt_hash = e.prompt_hash
    group by e.group_id, e.prompt_hash
),
group_accounts_of_canaries as (
    select e.group_id, count(distinct e.account_id) as n_accounts
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    semi join (select prompt_hash from timed where is_canary) as t on t.prompt_hash = e.prompt_hash
    group by e.group_id
),
per_group as (
    select
        p.group_id,
        count(*) as n_recurring,
        sum(p.n) filter (where t.is_canary)::bigint as n_exchanges,
        count(*) filter (where t.is_canary) as n_canaries,
        median(t.distance_s) filter (where t.is_canary) as distance_s,
        sum(p.n_cold) filter (where t.is_canary) / nullif(sum(p.n_with_temperature) filter (where t.is_canary), 0) as share_cold,
        sum(a.n) filter (where t.is_canary)::bigint / nullif(count(a.n) filter (where t.is_canary), 0) as n_different_answers
    from group_prompts as p
    join timed as t on t.prompt_hash = p.prompt_hash
    left join prompt_answers as a on a.prompt_hash = p.prompt_hash
    group by p.group_id
    having count(*) >= 3
),
judged as (
    select
        p.*,
        coalesce(a.n_accounts, 0) as n_accounts,
        p.n_canaries / nullif(p.n_recurring, 0) as share,
        (l.n_canaries - p.n_canaries) / nullif(l.n - p.n_recurring, 0) as rest_share
    from per_group as p
    left join group_accounts_of_canaries as a on a.group_id = p.group_id
    cross join log_prompts as l
)
select
    group_id as entity_id,
    n_canaries >= 3 and n_accounts >= 10
    and round(share, 6) >= round(5 * coalesce(rest_share, 0), 6) as is_fired,
    round(share, 6) as value,
    round(coalesce(rest_share, 0), 6)::double as baseline,
    round(5 * coalesce(rest_share, 0), 6)::double as threshold,
    coalesce(n_exchanges, 0)::bigint as n_exchanges,
    n_accounts,
    n_canaries,
    n_recurring,
    round(rest_share, 6) as rest_share,
    round(distance_s / 3600, 3) as median_distance_h,
    share_cold,
    n_different_answers
from judged
order by entity_id;
