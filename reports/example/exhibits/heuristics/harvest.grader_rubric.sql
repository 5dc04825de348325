with account_marks as (
    select account_id, count(*) as n, count(*) filter (where list_contains(lexicon_marks, 'grader_rubric')) as n_marked
    from exchange_features
    where lexicon_marks is not null
    group by account_id
),
log_marks as (
    select coalesce(sum(n), 0)::bigint as n, coalesce(sum(n_marked), 0)::bigint as n_marked from account_marks
),
large_groups as (
    select group_id, n_accounts
    from groups
    where kind <> 'mark' and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
members as (
    select a.group_id, sum(m.n)::bigint as n, sum(m.n_marked)::bigint as n_marked
    from all_group_accounts as a
    semi join large_groups as g on g.group_id = a.group_id
    join account_marks as m on m.account_id = a.account_id
    group by a.group_id
),
inside as (
    select
        e.group_id,
        count(*) as n,
        count(*) filter (where list_contains(e.lexicon_marks, 'grader_rubric')) as n_marked,
        count(distinct e.account_id) filter (where list_contains(e.lexicon_marks, 'grader_rubric')) as n_marked_accounts,
        count(*) filter (where list_contains(e.lexicon_marks, 'grader_rubric') and e.output_tokens <= $short_answer)
        / nullif(count(*) filter (where list_contains(e.lexicon_marks, 'grader_rubric') and e.output_tokens is not null), 0) as short_answer_share
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.lexicon_marks is not null
    group by e.group_id
    having count(*) >= $min_exchanges
),
compared as (
    select
        i.*,
        g.n_accounts,
        l.n - m.n as n_rest,
        i.n_marked / nullif(i.n, 0) as rate,
        (l.n_marked - m.n_marked) / nullif(l.n - m.n, 0) as rest_rate
    from inside as i
    join large_groups as g on g.group_id = i.group_id
    join members as m on m.group_id = i.group_id
    cross join log_marks as l
    where l.n - m.n >= $min_rest
),
bounded as (
    select
        *,
        round((rate + $z * $z / nullif(2 * n, 0) - $z * sqrt(rate * (1 - rate) / nullif(n, 0) + $z * $z / nullif(4 * n * n, 0)))
            / nullif(1 + $z * $z / nullif(n, 0), 0), 6) as lower_bound,
        round((rest_rate + $z * $z / nullif(2 * n_rest, 0)
            + $z * sqrt(rest_rate * (1 - rest_rate) / nullif(n_rest, 0) + $z * $z / nullif(4 * n_rest * n_rest, 0)))
            / nullif(1 + $z * $z / nullif(n_rest, 0), 0), 6) as rest_upper_bound
    from compared
)
select
    group_id as entity_id,
    lower_bound >= greatest($min_rate, $min_lift * rest_upper_bound) and n_marked_accounts >= $min_marked_accounts as is_fired,
    rate as value,
    rest_rate as baseline,
    greatest($min_rate, $min_lift * rest_upper_bound)::double as threshold,
    n as n_exchanges,
    n_accounts,
    n_marked,
    n_marked_accounts,
    lower_bound,
    rest_upper_bound,
    n_rest,
    short_answer_share
from bounded
order by entity_id
