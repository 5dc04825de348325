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
        sum(n_prompts * (1 - pow(1 - $sample_size / nullif(n_exchanges, 0), n)) order by n) / nullif($sample_size, 0) as diversity
    from spectrum
    where n_exchanges >= greatest($min_exchanges, $sample_size)
    group by group_id, n_exchanges
),
sampled as (
    select account_id, n_with_prompt
    from account_profiles
    where n_with_prompt >= $min_reference_exchanges
    order by md5(account_id), account_id
    limit $n_reference_accounts
),
population as (
    select count(*) as n_accounts from sampled having count(*) >= $sample_size
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
        sum(1 - pow(1 - least(c.chance, 1), $sample_size) order by c.chance) / nullif($sample_size, 0) as diversity,
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
    abs(j.difference) >= $min_difference as is_fired,
    j.diversity as value,
    j.reference_diversity as baseline,
    j.reference_diversity + case when j.difference > 0 then $min_difference else -$min_difference end as threshold,
    j.n_exchanges,
    g.n_accounts,
    case when abs(j.difference) < $min_difference then 'same' when j.difference > 0 then 'more_diverse' else 'less_diverse' end as direction,
    j.n_distinct_prompts,
    j.n_distinct_prompts / nullif(j.n_exchanges, 0) as distinct_share,
    j.n_reference_accounts
from judged as j
join large_groups as g on g.group_id = j.group_id
order by entity_id
