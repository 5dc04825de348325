/*---
reads = ["sampled_prompts"]
driver = "a sample of bounded size"
params.min_accounts = "some_accounts"
params.max_account_share = "half"
---*/
with by_account as (
    select distinct account_no, unnest(prompt_wording) as wording from sampled_prompts
),
widespread as (
    select wording, count(*) as n_accounts
    from by_account
    group by wording
    having count(*) >= $min_accounts
        and count(*) <= $max_account_share * (select count(distinct account_no) from sampled_prompts)
)
select
    wording,
    floor(1000 * log2((select count(distinct account_no) from sampled_prompts) / greatest(n_accounts, 1)))::bigint as millibits
from widespread
order by wording
