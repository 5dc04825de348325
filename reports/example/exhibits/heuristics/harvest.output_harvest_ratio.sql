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
        having sum(n) >= $min_reference_exchanges
    )
),
models as (
    select model, median(ln(greatest(output_tokens, 1) / nullif(input_tokens, 0))) as middle
    from account_models
    where n >= $min_reference_exchanges
    group by model
    having count(*) >= $min_reference_accounts
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
    having sum(m.n) >= $min_reference_exchanges
    order by md5(m.account_id), m.account_id
    limit $n_reference_accounts
),
large_groups as (
    select group_id, n_accounts
    from groups
    where n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
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
    having sum(m.n) >= $min_exchanges
),
outside as (
    select
        m.group_id,
        median(s.excess) as middle,
        quantile_cont(s.excess, $quantile) as upper_end,
        count(*) filter (where s.excess < ln(nullif(m.ratio, 0)) - m.middle) / nullif(count(*), 0) as percentile,
        count(*) as n_accounts
    from measured as m
    cross join sampled as s
    anti join all_group_accounts as a on a.group_id = m.group_id and a.account_id = s.account_id
    group by m.group_id
    having count(*) >= $min_reference_accounts
),
judged as (
    select
        m.*,
        o.percentile,
        o.n_accounts as n_reference_accounts,
        exp(m.middle + o.middle) as baseline,
        greatest(exp(m.middle + o.upper_end), $min_lift * exp(m.middle + o.middle)) as threshold
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
order by entity_id
