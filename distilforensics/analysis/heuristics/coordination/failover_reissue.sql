/*---
id = "coordination.failover_reissue"
code = "K4"
title = "A prompt that one account was refused is sent by another within a minute"
status = "experimental"
level = "high"
description = "Follows every prompt that ended in a limit error or another failure and asks whether its next occurrence in the log comes from another account within a minute. Pool software repeats a limited call on the next account; independent customers cannot know each other's failed prompts."
entity = "group"
sees = "$min_failed failed calls of one template of which $min_reissued are repeated within $window_s seconds by other accounts, from at least $min_reissued_accounts accounts."
volume = "$min_failed failed exchanges with a prompt in the group"
reads = ["exchange_features", "group_exchanges", "next_prompts"]
needs = ["account_id", "started_at", "status"]
requires_order = true
requires_complete = true
params.min_failed = { default = 20, unit = "failed exchanges", why = "a share of fewer is too coarse" }
params.min_reissued = { default = 10, unit = "failed exchanges", why = "single coincidences and hand-made repetitions stay below" }
params.min_reissued_accounts = { default = 7, unit = "accounts with a repeated failed call", why = "personal pools of 2 to 6 subscriptions use the same software" }
params.window_s = { default = 60, unit = "seconds", why = "programs fail over with the next call, after a pause of at most a minute" }
params.min_share = { default = 0.2, unit = "share of failed exchanges", why = "pools give up on some calls, retry some on the same account and lose some of the log's edges" }
params.min_lift = "lift"
output.n_reissued = { unit = "failed exchanges", meaning = "whose prompt is next sent by another account within the window" }
output.n_reissued_accounts = { unit = "accounts", meaning = "accounts whose failed calls are repeated by others" }
output.n_pairs = { unit = "ordered pairs of accounts", meaning = "distinct pairs (failed on, repeated by)" }
output.n_retried_by_same = { unit = "failed exchanges", meaning = "whose prompt is next sent by the same account within the window" }
output.share_in_rest = { unit = "share of failed exchanges", meaning = "the same share over failed exchanges of the log outside of the group; NULL if there are none" }
output.median_delay_s = { unit = "seconds", meaning = "median time from the failed call to its repetition by another account" }
value = { unit = "share of the group's failed exchanges", meaning = "failed exchanges whose prompt is next sent by another account within the window" }
falsepositives = ["one customer with several keys that retries on the next key; excluded where the log names the same tenant, or one payment method of up to six accounts", "a gateway that logs an attempt per upstream account for one call of one customer"]
limitations = ["needs the text or an exported hash of prompts, and a status per call", "only the next occurrence of the prompt counts, so prompts that are sent all the time hide a repetition", "a pool that drops failed calls, waits longer than the window or varies the prompt is not seen", "a sampled log has lost most repetitions; it is recognised by conversations of several turns alone"]
references = ["NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: automated failover between pathways", "Published account-pool software fails over on 401, 403, 429 and 529 answers"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0008.005"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 4
---*/
with followed as (
    select
        e.record_id,
        e.account_id,
        e.status,
        n.next_account_id as next_account,
        n.delay_us,
        n.customer = n.next_customer as is_same_holder
    from exchange_features as e
    left join next_prompts as n on n.record_id = e.record_id
    where e.prompt_hash is not null
),
marked as (
    select
        record_id,
        account_id,
        next_account,
        delay_us,
        status in ('limited', 'error', 'blocked') as is_failed,
        coalesce(delay_us <= $window_s * 1000000 and next_account <> account_id and not is_same_holder, false) as is_reissued,
        coalesce(delay_us <= $window_s * 1000000 and next_account = account_id, false) as is_retried
    from followed
    where status in ('ok', 'limited', 'error', 'blocked')
),
log_totals as (
    select count(*) filter (where is_failed) as n_failed, count(*) filter (where is_failed and is_reissued) as n_reissued
    from marked
),
-- Only failed exchanges and repeated successful ones have to be looked up in the groups; the rest of the successful ones are counted.
group_totals as (
    select g.group_id, count(*) as n_all
    from group_exchanges as g
    where g.prompt_hash is not null
    group by g.group_id
),
of_interest as (
    select record_id, account_id, next_account, delay_us, is_failed, is_reissued, is_retried
    from marked
    where is_failed or is_reissued
),
per_group as (
    select
        g.group_id,
        count(*) filter (where m.is_failed) as n_failed,
        count(distinct m.account_id) filter (where m.is_failed) as n_accounts,
        count(*) filter (where m.is_failed and m.is_reissued) as n_reissued,
        count(distinct m.account_id) filter (where m.is_failed and m.is_reissued) as n_reissued_accounts,
        count(distinct (m.account_id, m.next_account)) filter (where m.is_failed and m.is_reissued) as n_pairs,
        count(*) filter (where m.is_failed and m.is_retried) as n_retried,
        count(*) filter (where not m.is_failed and m.is_reissued) as n_reissued_after_success,
        median(m.delay_us) filter (where m.is_failed and m.is_reissued) as median_delay_us
    from group_exchanges as g
    join of_interest as m on m.record_id = g.record_id
    group by g.group_id
    having count(*) filter (where m.is_failed) >= $min_failed
),
judged as (
    select
        p.group_id,
        p.n_failed,
        p.n_accounts,
        p.n_reissued,
        p.n_reissued_accounts,
        p.n_pairs,
        p.n_retried,
        p.median_delay_us,
        p.n_reissued / nullif(p.n_failed, 0) as share,
        coalesce(p.n_reissued_after_success / nullif(t.n_all - p.n_failed, 0), 0) as share_after_success,
        (l.n_reissued - p.n_reissued) / nullif(l.n_failed - p.n_failed, 0) as share_in_rest
    from per_group as p
    join group_totals as t on t.group_id = p.group_id
    cross join log_totals as l
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, $min_lift * share_after_success), 6)
    and n_reissued >= $min_reissued
    and n_reissued_accounts >= $min_reissued_accounts as is_fired,
    round(share, 6) as value,
    round(share_after_success, 6) as baseline,
    round(greatest($min_share, $min_lift * share_after_success), 6) as threshold,
    n_failed as n_exchanges,
    n_accounts,
    n_reissued,
    n_reissued_accounts,
    n_pairs,
    n_retried as n_retried_by_same,
    round(share_in_rest, 6) as share_in_rest,
    round(median_delay_us / 1000000, 3) as median_delay_s
from judged
order by entity_id
