/*---
title = "What groups that differ share and the rest of the log does not: three consecutive words, or properties of the call, by accounts"
reads = ["read_exchanges", "compared_accounts", "differing"]
params = ["min_piece_accounts", "max_pieces"]
---*/
with words as (
    select account_no, call, string_split(spaced(prompt), ' ') as prompt_words, string_split(spaced(answer), ' ') as answer_words
    from read_exchanges
),
pieces as (
    select distinct account_no, 'prompt' as view, unnest(triples(prompt_words)) as piece from words
    union all
    select distinct account_no, 'answer', unnest(triples(answer_words)) from words
    union all
    select distinct account_no, 'call', unnest(call) from words
),
counted as (
    select
        c.group_id,
        p.view,
        p.piece,
        count(*) filter (where c.is_inside) as n_inside,
        count(*) filter (where not c.is_inside) as n_outside
    from pieces as p
    join compared_accounts as c on c.account_no = p.account_no
    semi join differing as d on d.group_id = c.group_id and d.view = p.view
    group by c.group_id, p.view, p.piece
    having count(*) filter (where c.is_inside) >= $min_piece_accounts
),
sizes as (
    select
        group_id,
        count(*) filter (where is_inside) as n_group,
        count(*) filter (where not is_inside) as n_rest
    from compared_accounts
    group by group_id
),
ranked as (
    select
        c.*,
        s.n_group,
        s.n_rest,
        row_number() over (
            partition by c.group_id, c.view
            order by c.n_inside * s.n_rest - c.n_outside * s.n_group desc, length(c.piece) desc, c.piece) as place
    from counted as c
    join sizes as s on s.group_id = c.group_id
    where 2 * c.n_inside * s.n_rest > 3 * c.n_outside * s.n_group
)
select group_id, view, piece, n_inside, n_group, n_outside, n_rest
from ranked
where place <= $max_pieces
order by group_id, view, place
