with totals as (
    select count(*) as n_accounts, sum(output_tokens)::bigint as output_tokens from account_profiles
),
large_groups as (
    select group_id, n_accounts
    from groups
    where n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
measured as (
    select e.group_id, count(*) as n_exchanges, sum(e.output_tokens)::bigint as output_tokens
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.output_tokens is not null
    group by e.group_id
    having count(*) >= $min_exchanges
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
    output_share >= greatest($min_share, $min_lift * account_share) as is_fired,
    output_share as value,
    account_share as baseline,
    greatest($min_share, $min_lift * account_share)::double as threshold,
    n_exchanges,
    n_accounts,
    output_tokens,
    output_tokens / nullif(n_accounts, 0) as output_tokens_per_account,
    account_share
from judged
order by entity_id
