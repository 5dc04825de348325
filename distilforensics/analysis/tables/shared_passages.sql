/*---
reads = ["sampled_prompts"]
driver = "a sample of bounded size"
params.min_accounts = "some_accounts"
params.max_account_share = "half"
params.min_prompts_per_account = "repeats"
params.max_edge_share = "most"
---*/
-- Passages that prompts of many accounts share although they begin and end differently. Of the passages in one exchange the most widespread
-- counts, those of the prompt before those of the system prompt; all passages of one fixed instruction have the same numbers, so that the
-- smallest hash stands for it.
with occurrences as (
    select prompt_no, account_no, prompt_begin, prompt_end, unnest(prompt_passages) as passage, 0 as place from sampled_prompts
    union all
    select prompt_no, account_no, system_passages[1], system_passages[1], unnest(system_passages), 1 from sampled_prompts
),
by_account as (
    select place, passage, account_no, count(*) as n from occurrences group by place, passage, account_no
),
widespread as (
    select place, passage, count(*) as n_accounts, sum(n)::bigint as n_prompts
    from by_account
    group by place, passage
    having count(*) >= $min_accounts
        and count(*) <= $max_account_share * (select count(distinct account_no) from sampled_prompts)
        and sum(n) >= $min_prompts_per_account * count(*)
),
begun as (
    select place, passage, prompt_begin, count(*) as n
    from occurrences
    semi join widespread using (place, passage)
    group by place, passage, prompt_begin
),
ended as (
    select place, passage, prompt_end, count(*) as n
    from occurrences
    semi join widespread using (place, passage)
    group by place, passage, prompt_end
),
edges as (
    select place, passage, max(n) as n_most from (select * from begun union all select * from ended) group by place, passage
)
select
    passage,
    place,
    row_number() over (order by place, n_accounts desc, n_prompts desc, passage) as priority
from widespread
join edges using (place, passage)
where edges.n_most < $max_edge_share * n_prompts
order by place, passage
