with large_groups as (
    select group_id, n_accounts
    from groups
    where kind <> 'prompt' and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
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
    having sum(n) >= $min_exchanges
),
sampled as (
    select account_id
    from account_profiles
    where n_with_prompt >= $min_reference_exchanges
    order by md5(account_id), account_id
    limit $n_reference_accounts
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
    having count(*) >= $min_reference_accounts
),
bounded as (
    select
        *,
        (unseen + $z * $z / nullif(2 * n_exchanges, 0)
            - $z * sqrt(unseen * (1 - unseen) / nullif(n_exchanges, 0) + $z * $z / nullif(4 * n_exchanges * n_exchanges, 0)))
        / nullif(1 + $z * $z / nullif(n_exchanges, 0), 0) as lower_bound
    from measured
)
select
    b.group_id as entity_id,
    round(b.lower_bound, 6) >= round(1 - $max_repeat_ratio * (1 - r.unseen), 6) and b.n_exchanges >= $min_size_ratio * r.n_exchanges as is_fired,
    b.unseen as value,
    r.unseen as baseline,
    (1 - $max_repeat_ratio * (1 - r.unseen))::double as threshold,
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
order by entity_id
