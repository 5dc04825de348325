/*---
id = "evasion.refusal_shopping"
code = "E6"
title = "What the model refused one account is asked again by others"
status = "experimental"
level = "medium"
description = "Follows every refused prompt (declined by the model or by a filter) to its next occurrence in the log and asks whether another account sends it within a day, unchanged. A person rephrases or gives up; a program that works on a list offers the same item to another account or another model. The same share after answered prompts of the group is the control."
entity = "group"
sees = "$min_refused refused prompts of one group of which $min_shopped are sent again within $window_h hours by other accounts, from at least $min_shopped_accounts accounts."
volume = "$min_refused refused exchanges with a prompt of $min_prompt_chars characters or more in the group"
reads = ["exchange_features", "group_exchanges", "next_prompts"]
needs = ["account_id", "started_at", "prompt_text|prompt_sha256", "finish_reason|response_text|status"]
params.min_refused = "reference_exchanges"
params.min_shopped = "reference_exchanges"
params.min_shopped_accounts = "some_accounts"
params.min_prompt_chars = "long_prompt_chars"
params.window_h = { default = 24, unit = "hours", why = "a program tries again at once or in its next pass, which is a day at most" }
params.min_share = "popular_share"
params.min_lift = "lift"
output.n_shopped = { unit = "refused exchanges", meaning = "whose prompt is next sent by another account of another customer within the window" }
output.n_shopped_accounts = { unit = "accounts", meaning = "accounts whose refused prompts are sent again by others" }
output.n_answered_elsewhere = { unit = "refused exchanges", meaning = "of n_shopped, those whose next occurrence was answered" }
output.n_other_model = { unit = "refused exchanges", meaning = "of n_shopped, those whose next occurrence went to another model" }
output.n_retried_by_same = { unit = "refused exchanges", meaning = "whose prompt is next sent by the same account within the window, as people and fallback routers do" }
output.share_in_rest = { unit = "share of refused exchanges", meaning = "value over refused exchanges of the log outside of the group; NULL if there are none" }
value = { unit = "share of the group's refused exchanges", meaning = "refused exchanges whose prompt is next sent by another account of another customer within the window" }
falsepositives = ["a published list of forbidden questions that many people try out; it repeats after answers too, and the control holds it if the answers vary", "a safety benchmark that independent teams run on the same day", "accounts of one customer where the log names no tenant"]
limitations = ["needs the text or an exported hash of prompts, and a refusal that is logged as such or begins the answer", "a program that rephrases after a refusal, or moves to another provider, is not seen", "only the next occurrence of the prompt counts", "silent where a pool samples every prompt on several accounts, since prompts then recur after answers too"]
references = ["Anthropic, Detecting and countering misuse of AI, September 2026, pages 143 to 154: a campaign switched to another model where safeguards were stronger", "NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: failover between pathways when blocked"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0054"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 3
---*/
with followed as (
    select
        e.record_id,
        e.account_id,
        e.is_refused,
        n.next_account_id as next_account,
        n.next_is_refused,
        n.next_model,
        e.model,
        n.delay_us <= $window_h * 3600000000 as is_soon,
        n.customer = n.next_customer as is_same_customer
    from exchange_features as e
    left join next_prompts as n on n.record_id = e.record_id
    where e.prompt_hash is not null and e.is_refused is not null and coalesce(e.prompt_chars, $min_prompt_chars) >= $min_prompt_chars
),
marked as (
    select
        record_id,
        account_id,
        is_refused,
        coalesce(is_soon and next_account <> account_id and not is_same_customer, false) as is_shopped,
        coalesce(is_soon and next_account = account_id, false) as is_retried,
        coalesce(not next_is_refused, false) as is_answered_then,
        coalesce(next_model <> model, false) as is_other_model
    from followed
),
log_totals as (
    select count(*) filter (where is_refused) as n_refused, count(*) filter (where is_refused and is_shopped) as n_shopped
    from marked
),
-- Answered exchanges that nobody repeats are counted and not looked up.
group_totals as (
    select g.group_id, count(*) as n_all
    from group_exchanges as g
    where g.prompt_hash is not null and g.is_refused is not null and coalesce(g.prompt_chars, $min_prompt_chars) >= $min_prompt_chars
    group by g.group_id
),
of_interest as (
    select record_id, account_id, is_refused, is_shopped, is_retried, is_answered_then, is_other_model
    from marked
    where is_refused or is_shopped
),
per_group as (
    select
        g.group_id,
        count(*) filter (where m.is_refused) as n_refused,
        count(distinct m.account_id) filter (where m.is_refused) as n_accounts,
        count(*) filter (where m.is_refused and m.is_shopped) as n_shopped,
        count(distinct m.account_id) filter (where m.is_refused and m.is_shopped) as n_shopped_accounts,
        count(*) filter (where m.is_refused and m.is_shopped and m.is_answered_then) as n_answered_elsewhere,
        count(*) filter (where m.is_refused and m.is_shopped and m.is_other_model) as n_other_model,
        count(*) filter (where m.is_refused and m.is_retried) as n_retried,
        count(*) filter (where not m.is_refused and m.is_shopped) as n_after_answer
    from group_exchanges as g
    join of_interest as m on m.record_id = g.record_id
    group by g.group_id
    having count(*) filter (where m.is_refused) >= $min_refused
),
judged as (
    select
        p.*,
        p.n_shopped / nullif(p.n_refused, 0) as share,
        coalesce(p.n_after_answer / nullif(t.n_all - p.n_refused, 0), 0) as share_after_answer,
        (l.n_shopped - p.n_shopped) / nullif(l.n_refused - p.n_refused, 0) as share_in_rest
    from per_group as p
    join group_totals as t on t.group_id = p.group_id
    cross join log_totals as l
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, $min_lift * share_after_answer), 6)
    and n_shopped >= $min_shopped
    and n_shopped_accounts >= $min_shopped_accounts as is_fired,
    round(share, 6) as value,
    round(share_after_answer, 6) as baseline,
    round(greatest($min_share, $min_lift * share_after_answer), 6)::double as threshold,
    n_refused as n_exchanges,
    n_accounts,
    n_shopped,
    n_shopped_accounts,
    n_answered_elsewhere,
    n_other_model,
    n_retried as n_retried_by_same,
    round(share_in_rest, 6) as share_in_rest
from judged
order by entity_id
