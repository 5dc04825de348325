with prompt_customers as (
    select prompt_hash, coalesce('tenant ' || tenant_id, 'account ' || account_id) as customer, count(*) as n
    from exchange_features
    where prompt_hash is not null and status = 'ok' and coalesce(prompt_chars, $min_prompt_chars) >= $min_prompt_chars
    group by prompt_hash, coalesce('tenant ' || tenant_id, 'account ' || account_id)
),
sampled as (
    select prompt_hash, sum(n)::bigint as n_answers
    from prompt_customers
    group by prompt_hash
    having sum(n) >= $min_samples and count(*) >= 2
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
    where kind <> 'prompt' and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
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
        count(*) filter (where e.n_choices >= $min_samples) / nullif(count(e.n_choices), 0) as share_several_choices,
        count(*) filter (where e.finish_reason = 'length') / nullif(count(e.finish_reason), 0) as share_cut_off,
        median(e.output_tokens) as median_output_tokens
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    left join sampled as s on s.prompt_hash = e.prompt_hash
    where e.prompt_hash is not null and e.status = 'ok'
    group by e.group_id
    having count(*) >= $min_exchanges
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
    where l.n - m.n >= $min_rest
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, $min_lift * rest_share), 6)
    and n_sampled_prompts >= $min_sampled_prompts
    and n_sampling_accounts >= $min_accounts as is_fired,
    round(share, 6) as value,
    round(rest_share, 6) as baseline,
    round(greatest($min_share, $min_lift * rest_share), 6)::double as threshold,
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
order by entity_id
