/*---
id = "coordination.limit_handover"
code = "K10"
title = "When a call of one account fails, another account of the group goes on at once"
status = "experimental"
level = "high"
description = "Follows every call of a group that ended in a limit error or another failure and asks whether another account of the group calls within seconds. Compared with what follows the successful calls of the group, and with the same stretch of time some minutes before and after. Pool software moves a failed call to the next account; people and programs with one account wait and try again there. Accounts of one tenant, or of one payment method with up to six, are one. Needs neither prompts nor their hashes, so that an access log will do."
entity = "group"
sees = "$min_failed failed calls of $min_failed_holders customers, after which another customer of the group calls within $window_s seconds so often that it takes at least the share $min_excess of what chance leaves, while the failing account itself tries again at most after $max_same of them."
volume = "$min_failed failed calls in the group, of $min_failed_holders customers"
reads = ["customers", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "status"]
requires_order = true
partition = "group"
params.min_accounts = { default = 20, unit = "accounts", why = "personal pools of 2 to 6 subscriptions are common and no harvest" }
params.min_failed = { default = 20, unit = "failed calls", why = "a share of fewer is too coarse" }
params.min_failed_holders = { default = 10, unit = "customers with a failed call", why = "one customer with a few keys fails over as well" }
params.window_s = { default = 15, unit = "seconds", why = "programs move on with the next call, after a pause of seconds" }
params.min_excess = { default = 0.4, unit = "share of the failed calls that chance would leave alone", why = "independent customers of one product stay below 0.35 at any size; pools show 0.45 to 1, less where their group holds other traffic" }
params.max_same = { default = 0.5, unit = "share of the failed calls", why = "who tries again on the account that failed has no other one; clients of independent customers do so after half of the failures and more" }
params.max_chance = { default = 0.7, unit = "share of the failed calls", why = "where another account calls within seconds anyway, little can be seen" }
params.max_noise = { default = 0.2, unit = "standard error of the value by chance alone", why = "half of min_excess; 20 failed calls are enough where chance hands over less than 0.44, 59 are where it does so with 0.7" }
output.share_handed = { unit = "share of failed calls", meaning = "after which another account of the group calls within the window" }
output.share_by_chance = { unit = "share", meaning = "of what is expected of failed calls by chance: the higher of the next two" }
output.share_around = { unit = "share of stretches of the same length", meaning = "two to five minutes before and after the failed calls, in which another account calls" }
output.share_after_success = { unit = "share of successful calls", meaning = "after which another account of the group calls within the window" }
output.share_same = { unit = "share of failed calls", meaning = "after which the same account calls within the window" }
output.n_failed_holders = { unit = "customers", meaning = "with a failed call: accounts of one tenant, or of one payment method with up to six, are one" }
value = { unit = "share of what chance leaves", meaning = "(share_handed - share_by_chance) / (1 - share_by_chance): failed calls after which another account goes on, beyond chance" }
falsepositives = ["a company or a gateway with several keys that fails over to the next one, where the log names no tenants", "customers of one product who are all limited at once in an outage and come back in the same seconds"]
limitations = ["groups with a call every few seconds leave no chance to see a handover", "a pool that waits longer, or gives up on failed calls, is not seen", "a sampled log has lost most of the calls that follow"]
references = ["NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: automated failover between pathways", "Published account-pool software fails over on 401, 403, 429 and 529 answers"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0008.005"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 3
---*/
with large_groups as (
    select group_id from groups where n_accounts >= $min_accounts
),
calls as (
    select
        e.group_id,
        e.record_id,
        e.account_id,
        h.customer as holder,
        epoch_us(e.started_at) as at_us,
        coalesce(e.status in ('limited', 'error', 'blocked'), false) as is_failed
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    join customers as h on h.account_id = e.account_id
),
failed as (
    select group_id, record_id, account_id, holder, at_us
    from calls
    where is_failed
    qualify count(*) over (partition by group_id) >= $min_failed
),
-- The moment of the failure and, as its control, the same stretch of time in the minutes around it.
probes as (
    select group_id, record_id, account_id, holder, at_us + shift * 1000000 as at_us, shift = 0 as is_failure, shift
    from (select group_id, record_id, account_id, holder, at_us, unnest([0, -300, -240, -180, -120, 120, 180, 240, 300]) as shift from failed)
),
-- Buckets of the window's length keep the join one of equal columns: a stretch lies in its bucket and the next.
bucketed as (
    select group_id, record_id, account_id, holder, at_us, is_failure, shift, unnest([at_us // ($window_s * 1000000), at_us // ($window_s * 1000000) + 1]) as bucket
    from probes
),
-- What follows a successful call: accounts that all react to one event call together, failed or not.
following as (
    select
        group_id,
        is_failed,
        coalesce(
            lead(holder) over turn <> holder and lead(at_us) over turn - at_us <= $window_s * 1000000
            or lead(holder, 2) over turn <> holder and lead(at_us, 2) over turn - at_us <= $window_s * 1000000,
            false) as is_handed
    from calls
    semi join failed using (group_id)
    window turn as (partition by group_id order by at_us, record_id)
),
after_success as (
    select group_id, count(*) filter (where is_handed) / nullif(count(*), 0) as share
    from following
    where not is_failed
    group by group_id
),
used_calls as (
    select c.group_id, c.record_id, c.holder, c.at_us, c.at_us // ($window_s * 1000000) as bucket
    from calls as c
    semi join failed as f on f.group_id = c.group_id
),
met as (
    select
        p.group_id,
        p.record_id,
        p.shift,
        bool_or(c.holder <> p.holder) as is_handed,
        bool_or(c.holder = p.holder) as is_same
    from bucketed as p
    join used_calls as c
        on c.group_id = p.group_id and c.bucket = p.bucket and c.at_us >= p.at_us and c.at_us <= p.at_us + $window_s * 1000000
        and (c.record_id <> p.record_id or not p.is_failure)
    group by p.group_id, p.record_id, p.shift
),
measured as (
    select
        p.group_id,
        count(*) filter (where p.is_failure) as n_failed,
        count(distinct p.account_id) as n_failed_accounts,
        count(distinct p.holder) as n_failed_holders,
        count(*) filter (where p.is_failure and m.is_handed) / nullif(count(*) filter (where p.is_failure), 0) as share_handed,
        count(*) filter (where p.is_failure and m.is_same) / nullif(count(*) filter (where p.is_failure), 0) as share_same,
        count(*) filter (where not p.is_failure and m.is_handed) / nullif(count(*) filter (where not p.is_failure), 0) as share_around
    from probes as p
    left join met as m on m.group_id = p.group_id and m.record_id = p.record_id and m.shift = p.shift
    group by p.group_id
),
with_chance as (
    select
        m.group_id,
        m.n_failed,
        m.n_failed_accounts,
        m.n_failed_holders,
        m.share_handed,
        m.share_same,
        m.share_around,
        coalesce(s.share, 0) as share_after_success,
        greatest(m.share_around, coalesce(s.share, 0)) as share_by_chance
    from measured as m
    left join after_success as s on s.group_id = m.group_id
),
judged as (
    select
        group_id,
        n_failed,
        n_failed_accounts,
        n_failed_holders,
        share_handed,
        share_same,
        share_around,
        share_after_success,
        share_by_chance,
        round((share_handed - share_by_chance) / nullif(1 - share_by_chance, 0), 6) as excess
    from with_chance
    where n_failed_holders >= $min_failed_holders
        and round(share_by_chance, 6) <= $max_chance
        -- The standard error of a share that is chance alone, in units of what chance leaves.
        and round(sqrt(share_by_chance / nullif(n_failed * (1 - share_by_chance), 0)), 6) <= $max_noise
)
select
    group_id as entity_id,
    excess >= $min_excess and round(share_same, 6) <= $max_same as is_fired,
    excess as value,
    0.0::double as baseline,
    $min_excess::double as threshold,
    n_failed as n_exchanges,
    n_failed_accounts as n_accounts,
    round(share_handed, 6) as share_handed,
    round(share_by_chance, 6) as share_by_chance,
    round(share_around, 6) as share_around,
    round(share_after_success, 6) as share_after_success,
    round(share_same, 6) as share_same,
    n_failed_holders
from judged
order by entity_id
