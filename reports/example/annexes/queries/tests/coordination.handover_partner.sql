-- An account takes part in handing refused prompts from account to account
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view next_prompts as from read_parquet(['data/next_prompts.parquet']);
with sent as (
    select e.record_id, e.prompt_hash, e.account_id, c.customer, coalesce(e.status in ('limited', 'error', 'blocked'), false) as is_failed
    from exchange_features as e
    join customers as c on c.account_id = e.account_id
    where e.prompt_hash is not null
),
rare_prompts as (
    select prompt_hash
    from sent
    group by prompt_hash
    having count(distinct customer) between 2 and 3 and count(*) filter (where is_failed) > 0
),
handed as (
    select s.account_id, n.next_account_id as next_account
    from sent as s
    semi join rare_prompts as r on r.prompt_hash = s.prompt_hash
    join next_prompts as n on n.record_id = s.record_id
    where s.is_failed and n.next_customer <> n.customer and n.delay_us <= 60 * 1000000
),
sides as (
    select account_id, next_account as partner, 1 as n_given, 0 as n_taken from handed
    union all
    select next_account, account_id, 0, 1 from handed
),
per_account as (
    select account_id, sum(n_given)::bigint as n_given, sum(n_taken)::bigint as n_taken, count(distinct partner) as n_partners
    from sides
    group by account_id
),
judged as (
    select account_id, count(*) as n
    from sent
    group by account_id
    having count(*) >= 5
)
select
    j.account_id as entity_id,
    coalesce(p.n_given + p.n_taken, 0) >= 1 as is_fired,
    coalesce(p.n_given + p.n_taken, 0)::double as value,
    null::double as baseline,
    1::double as threshold,
    j.n as n_exchanges,
    1::bigint as n_accounts,
    coalesce(p.n_given, 0) as n_given,
    coalesce(p.n_taken, 0) as n_taken,
    coalesce(p.n_partners, 0) as n_partners
from judged as j
left join per_account as p on p.account_id = j.account_id
order by entity_id;
