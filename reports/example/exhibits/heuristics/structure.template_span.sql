with frames as (
    select group_id, kind, n_accounts
    from groups
    where kind in ('system', 'prefix', 'suffix', 'near') and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
-- Counting in two steps keeps the memory bounded; a count of distinct values cannot spill to disk.
fillings as (
    select e.group_id, e.prompt_hash, count(*) as n
    from group_exchanges as e
    semi join frames as f on f.group_id = e.group_id
    where e.prompt_hash is not null
    group by e.group_id, e.prompt_hash
),
measured as (
    select group_id, sum(n)::bigint as n_exchanges, count(*) as n_distinct_prompts
    from fillings
    group by group_id
    having sum(n) >= $min_exchanges
),
reference as (
    select median(n_distinct_prompts / nullif(n_exchanges, 0)) as distinct_share
    from templates
    where kind in ('system', 'prefix', 'suffix', 'near') and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
judged as (
    select
        m.group_id,
        m.n_exchanges,
        m.n_distinct_prompts,
        f.n_accounts,
        m.n_distinct_prompts / nullif(m.n_exchanges, 0) as distinct_share,
        f.n_accounts / nullif(p.n_accounts, 0) as account_share,
        f.kind = 'system' and f.n_accounts / nullif(p.n_accounts, 0) > $max_account_share as is_product_default
    from measured as m
    join frames as f on f.group_id = m.group_id
    cross join (select count(*) as n_accounts from account_profiles) as p
)
select
    j.group_id as entity_id,
    j.n_distinct_prompts >= $min_distinct_prompts and j.distinct_share >= $min_distinct_share and not j.is_product_default as is_fired,
    j.distinct_share as value,
    r.distinct_share as baseline,
    $min_distinct_share::double as threshold,
    j.n_exchanges,
    j.n_accounts,
    j.n_distinct_prompts,
    j.account_share,
    j.is_product_default
from judged as j
cross join reference as r
order by entity_id
