-- The same tiny probe visits many accounts in rounds
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
with tiny as (
    select e.prompt_hash, e.account_id, c.named_customer as tenant, epoch_us(e.started_at) // 1000000 as second
    from exchange_features as e
    join customers as c on c.account_id = e.account_id
    where e.prompt_hash is not null
        and coalesce(e.prompt_chars <= 200, e.input_tokens <= 80, false)
        and coalesce(e.output_tokens <= 20, e.response_chars <= 100, false)
        and coalesce(e.n_turns, 1) <= 2
),
-- One use per slot: repeated tries count once.
uses as (
    select
        prompt_hash,
        account_id,
        second // 600 as slot,
        min(second) as second,
        min(tenant) as tenant,
        count(*) as n
    from tiny
    group by prompt_hash, account_id, second // 600
),
frequent as (
    select prompt_hash, account_id
    from uses
    group by prompt_hash, account_id
    having count(*) >= 6
    qualify count(*) over (partition by prompt_hash) >= 10
),
intervals as (
    select u.*, u.second - lag(u.second) over (partition by u.prompt_hash, u.account_id order by u.slot) as interval_s
    from uses as u
    semi join frequent as f on f.prompt_hash = u.prompt_hash and f.account_id = u.account_id
),
regular as (
    select
        prompt_hash,
        account_id,
        min(tenant) as tenant,
        sum(n)::bigint as n_exchanges,
        median(interval_s) as interval_s
    from intervals
    group by prompt_hash, account_id
    having median(interval_s) >= 3 * 600
        and quantile_cont(interval_s, 0.75) - quantile_cont(interval_s, 0.25) <= 0.2 * median(interval_s)
        and count(*) filter (where (second + 120 // 2) % 3600 < 120) <= 0.5 * count(*)
),
probes as (
    select prompt_hash, count(*) as n_accounts, count(distinct tenant) as n_tenants, median(interval_s) as interval_s
    from regular
    group by prompt_hash
    having count(distinct tenant) >= 10
),
regular_uses as (
    select u.prompt_hash, u.account_id, count(*) over (partition by u.prompt_hash, u.slot) - 1 as n_met
    from uses as u
    semi join regular as r on r.prompt_hash = u.prompt_hash and r.account_id = u.account_id
    semi join probes as p on p.prompt_hash = u.prompt_hash
),
met as (
    select prompt_hash, account_id, sum(n_met) / nullif(count(*), 0) as n_met
    from regular_uses
    group by prompt_hash, account_id
),
judged as (
    select
        m.account_id,
        m.prompt_hash,
        m.n_met,
        (p.n_accounts - 1) * 600 / nullif(p.interval_s, 0) as n_expected,
        r.n_exchanges,
        r.interval_s,
        p.n_accounts,
        p.n_tenants
    from met as m
    join regular as r on r.prompt_hash = m.prompt_hash and r.account_id = m.account_id
    join probes as p on p.prompt_hash = m.prompt_hash
    qualify row_number() over (
        partition by m.account_id order by m.n_met / nullif((p.n_accounts - 1) * 600 / nullif(p.interval_s, 0), 0) desc, m.prompt_hash) = 1
)
select
    account_id as entity_id,
    round(n_met, 6) >= round(greatest(5, 3 * n_expected), 6) as is_fired,
    round(n_met, 6) as value,
    round(n_expected, 6) as baseline,
    round(greatest(5, 3 * n_expected), 6) as threshold,
    n_exchanges,
    n_accounts,
    'prompt:' || prompt_hash as probe,
    round(interval_s, 3) as interval_s,
    n_accounts as n_accounts_regular,
    n_tenants as n_tenants_regular
from judged
order by entity_id;
