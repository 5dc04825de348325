/*---
id = "infrastructure.probe_fingerprint"
code = "I7"
title = "The same tiny probe visits many accounts in rounds"
status = "experimental"
level = "low"
description = "Account pools test their accounts: a fixed short prompt with a short answer, again and again, through all accounts in one round. The heuristic looks for short prompts that accounts of many tenants send at even intervals, and asks whether they send them together: independent installations of one program have the same interval and different moments."
entity = "account"
sees = "The same prompt of at most $max_prompt_chars characters (or $max_input_tokens tokens) with answers of at most $max_output_tokens tokens, sent $min_uses times at even intervals by accounts of $min_tenants tenants, at least $min_met of which meet in the same $slot_s seconds, $min_lift times as many as with moments of their own."
volume = "a short prompt that accounts of $min_tenants tenants send at least $min_uses times each at even intervals of at least $min_interval_slots times $slot_s seconds"
reads = ["customers", "exchange_features"]
needs = ["account_id", "started_at", "prompt_text|prompt_sha256", "output_tokens|response_text"]
params.max_prompt_chars = { default = 200, unit = "characters", why = "published probes have 2 to 70" }
params.max_input_tokens = { default = 80, unit = "tokens", why = "the same where only hashes are exported; system prompts count in" }
params.max_output_tokens = { default = 20, unit = "tokens", why = "a probe asks whether the account works, not for content" }
params.max_response_chars = { default = 100, unit = "characters", why = "the same where tokens are not logged" }
params.min_tenants = { default = 10, unit = "tenants (accounts without a tenant count one each)", why = "monitors of one customer reach only its own accounts" }
params.min_uses = { default = 6, unit = "uses per account", why = "five intervals tell a timer from chance" }
params.slot_s = { default = 600, unit = "seconds", why = "one round through some hundred accounts takes minutes" }
params.min_interval_slots = { default = 3, unit = "slots", why = "at shorter intervals everybody meets everybody" }
params.max_interval_spread = { default = 0.2, unit = "interquartile range / median of the intervals", why = "timers with jitter stay below; people do not come back evenly" }
params.full_hour_s = { default = 120, unit = "seconds around the full hour", why = "schedules start at full hours by default, and strangers meet there" }
params.max_full_hour_share = { default = 0.5, unit = "share of uses", why = "accounts that mostly ask around the full hour are left out" }
params.min_met = { default = 5, unit = "other accounts in the same slot", why = "a few of one person's accounts say nothing" }
params.min_lift = { default = 3, unit = "ratio to moments of their own", why = "chance gives 1" }
output.probe = { unit = "template id", meaning = "the prompt" }
output.interval_s = { unit = "seconds", meaning = "median interval of this account" }
output.n_accounts_regular = { unit = "accounts", meaning = "accounts that send the probe at even intervals" }
output.n_tenants_regular = { unit = "tenants", meaning = "their tenants" }
value = { unit = "accounts", meaning = "other accounts that send the probe in the same slot, mean over uses; baseline: expected if every account had its own moment" }
falsepositives = ["a vendor that checks its customers' own keys from one timer", "a program whose installations all ask at the same minute other than the full hour"]
limitations = ["rounds that last as long as the interval have no common moment", "rounds that start at the full hour and end within a minute are left out", "a probe whose text changes is not seen", "needs answers or their length"]
references = ["Source of published pool programs: channel test of one-api and account test of a relay service, read in 2026"]
tags = ["atlas.AML.T0008.005", "attack.T1090.002"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 2
---*/
with tiny as (
    select e.prompt_hash, e.account_id, c.named_customer as tenant, epoch_us(e.started_at) // 1000000 as second
    from exchange_features as e
    join customers as c on c.account_id = e.account_id
    where e.prompt_hash is not null
        and coalesce(e.prompt_chars <= $max_prompt_chars, e.input_tokens <= $max_input_tokens, false)
        and coalesce(e.output_tokens <= $max_output_tokens, e.response_chars <= $max_response_chars, false)
        and coalesce(e.n_turns, 1) <= 2
),
-- One use per slot: repeated tries count once.
uses as (
    select
        prompt_hash,
        account_id,
        second // $slot_s as slot,
        min(second) as second,
        min(tenant) as tenant,
        count(*) as n
    from tiny
    group by prompt_hash, account_id, second // $slot_s
),
frequent as (
    select prompt_hash, account_id
    from uses
    group by prompt_hash, account_id
    having count(*) >= $min_uses
    qualify count(*) over (partition by prompt_hash) >= $min_tenants
),
intervals as (
    select u.*, u.second - lag(u.second) over (partition by u.prompt_hash, u.account_id order by u.slot) as interval_s
    from uses as u
    semi join frequent as f on f.prompt_hash = u.prompt_hash and f.account_id = u.account_id
),
regular as (
    select
        prompt_hash,
        account_id,
        min(tenant) as tenant,
        sum(n)::bigint as n_exchanges,
        median(interval_s) as interval_s
    from intervals
    group by prompt_hash, account_id
    having median(interval_s) >= $min_interval_slots * $slot_s
        and quantile_cont(interval_s, 0.75) - quantile_cont(interval_s, 0.25) <= $max_interval_spread * median(interval_s)
        and count(*) filter (where (second + $full_hour_s // 2) % 3600 < $full_hour_s) <= $max_full_hour_share * count(*)
),
probes as (
    select prompt_hash, count(*) as n_accounts, count(distinct tenant) as n_tenants, median(interval_s) as interval_s
    from regular
    group by prompt_hash
    having count(distinct tenant) >= $min_tenants
),
regular_uses as (
    select u.prompt_hash, u.account_id, count(*) over (partition by u.prompt_hash, u.slot) - 1 as n_met
    from uses as u
    semi join regular as r on r.prompt_hash = u.prompt_hash and r.account_id = u.account_id
    semi join probes as p on p.prompt_hash = u.prompt_hash
),
met as (
    select prompt_hash, account_id, sum(n_met) / nullif(count(*), 0) as n_met
    from regular_uses
    group by prompt_hash, account_id
),
judged as (
    select
        m.account_id,
        m.prompt_hash,
        m.n_met,
        (p.n_accounts - 1) * $slot_s / nullif(p.interval_s, 0) as n_expected,
        r.n_exchanges,
        r.interval_s,
        p.n_accounts,
        p.n_tenants
    from met as m
    join regular as r on r.prompt_hash = m.prompt_hash and r.account_id = m.account_id
    join probes as p on p.prompt_hash = m.prompt_hash
    qualify row_number() over (
        partition by m.account_id order by m.n_met / nullif((p.n_accounts - 1) * $slot_s / nullif(p.interval_s, 0), 0) desc, m.prompt_hash) = 1
)
select
    account_id as entity_id,
    round(n_met, 6) >= round(greatest($min_met, $min_lift * n_expected), 6) as is_fired,
    round(n_met, 6) as value,
    round(n_expected, 6) as baseline,
    round(greatest($min_met, $min_lift * n_expected), 6) as threshold,
    n_exchanges,
    n_accounts,
    'prompt:' || prompt_hash as probe,
    round(interval_s, 3) as interval_s,
    n_accounts as n_accounts_regular,
    n_tenants as n_tenants_regular
from judged
order by entity_id
