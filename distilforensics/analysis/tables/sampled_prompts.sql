/*---
reads = ["fingerprints"]
driver = "a sample of bounded size, whose quota depends on all accounts"
params.sample_prompts = { default = 1000000, unit = "prompts", why = "bounds memory: what is shared is looked for in a sample and then looked up in every prompt" }
params.max_per_account = { default = 64, unit = "prompts", why = "a fixed text shows in a few dozen prompts of an account; more of one account says nothing new about others" }
params.min_per_account = { default = 8, unit = "prompts", why = "the lowest published load is four requests per account" }
---*/
-- A sample that depends on the record ids alone; an account with few exchanges gives all of them, equal prompts of one account count once.
with sizes as (
    select account_id, count(*) as n, row_number() over (order by account_id) - 1 as account_no
    from fingerprints
    group by account_id
),
quota as (
    select greatest($min_per_account, least($max_per_account, $sample_prompts // greatest(count(*), 1))) as n from sizes
),
chosen as (
    select f.record_id, s.account_no, f.prompt_begin, f.prompt_end, f.prompt_wording, f.prompt_passages, f.system_passages
    from fingerprints as f
    join sizes as s on s.account_id = f.account_id
    cross join quota
    where md5_number_lower(f.record_id) % s.n < quota.n
)
select
    row_number() over (order by min(record_id)) - 1 as prompt_no,
    account_no,
    coalesce(prompt_begin, 0) as prompt_begin,
    coalesce(prompt_end, 0) as prompt_end,
    prompt_wording,
    prompt_passages,
    system_passages
from chosen
group by account_no, prompt_begin, prompt_end, prompt_wording, prompt_passages, system_passages
order by prompt_no
