/*---
table = "shared_wording"
reads = ["sampled_prompts"]
[params]
min_accounts = { value = 10, unit = "accounts", why = "no smaller group is judged" }
max_account_share = { value = 0.5, unit = "share of accounts with text", why = "wording of most of the log is the language, not a frame" }
[frames]
min_accounts = { value = 10, unit = "accounts", why = "no smaller group is judged" }
min_agreeing = { value = 5, unit = "of 32 parts of the sketch", why = "of 2000 random pairs of prompts of people in public sets none agreed on 5 parts, of reworded frames a quarter with one another and nearly all with the profile" }
min_millibits = { value = 12000, unit = "thousandths of a bit", why = "the agreement is expected by chance in one of 4096 pairs if wording were independent; common wording weighs little" }
min_profile_share = { value = 0.05, unit = "share of the prompts around the centre", why = "a slot of a frame with up to twenty wordings recurs so often; the tasks do not" }
max_edge_share = { value = 0.8, unit = "share of prompts", why = "prompts that begin or end alike have a template of that kind already" }
min_common_accounts = { value = 0.5, unit = "common accounts / all accounts of two frames", why = "the majority is common; as when groups are merged into candidates" }
max_trials = { value = 20000, unit = "pairs of wording", why = "bounds the time; the most widespread pairs are tried first" }
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
