/*---
id = "structure.parameter_freeze"
code = "S8"
title = "One rare setting of call parameters over many accounts that share nothing else"
status = "experimental"
level = "low"
description = "Accounts of different tenants send nearly all of their exchanges with the same combination of token limit, temperature, nucleus sampling, streaming, tools, response format and reasoning effort. The combination is rare in the log. It needs no text and sees pools whose prompts are redacted or rephrased."
entity = "group"
sees = "$min_tenants tenants (accounts without a tenant count one each) with $min_exchanges exchanges in one setting that is at least $min_bits bits rare and fills $min_frozen_share of their traffic."
volume = "a setting used by at least $min_tenants accounts in at least $min_exchanges exchanges"
reads = ["account_profiles", "customers", "group_accounts", "groups"]
needs = ["account_id", "started_at", "max_output_tokens|temperature|top_p|tools_sha256|response_format|reasoning_effort"]
params.min_tenants = "group_accounts"
params.min_exchanges = { default = 400, unit = "exchanges", why = "twenty per account in the smallest group: a habit, not a coincidence of a few calls" }
params.min_bits = { default = 4, unit = "bits", why = "one tenant in sixteen or rarer: the defaults of libraries and larger products are more common, and popular is not linked" }
params.min_frozen_share = { default = 0.5, unit = "share of the accounts' exchanges", why = "frozen means that the accounts do little else; libraries are used with several settings" }
output.n_tenants = { unit = "tenants", meaning = "tenants that use the setting; accounts without a tenant count one each" }
output.frozen_share = { unit = "share", meaning = "exchanges in this setting / all exchanges of the accounts that use it" }
output.n_accounts_always = { unit = "accounts", meaning = "accounts that never use another setting" }
value = { unit = "bits", meaning = "-log2 of the share of tenants that use the setting; baseline: median over all settings with this volume" }
falsepositives = ["a niche product or plug-in with fixed settings, used by many independent customers", "a course with one notebook", "accounts of one company that carry no tenant in the log"]
limitations = ["a pool that mixes in more traffic of other kinds than its own falls below min_frozen_share", "jittered parameters are not seen", "the fewer parameters a log carries, the less a shared setting says"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: identical patterns across accounts", "NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: automated sanitisation of request metadata"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0008.005"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 2
---*/
with settings as (
    select group_id, n_exchanges, n_accounts
    from groups
    where kind = 'parameters' and n_accounts >= $min_tenants and n_exchanges >= $min_exchanges
),
unrelated as (
    select p.account_id, p.n_exchanges, c.named_customer as unit
    from account_profiles as p
    join customers as c on c.account_id = p.account_id
),
log_units as (
    select count(distinct unit) as n_tenants from unrelated
),
measured as (
    select
        a.group_id,
        count(distinct u.unit) as n_tenants,
        sum(a.n_exchanges) / nullif(sum(u.n_exchanges), 0) as frozen_share,
        count(*) filter (where a.n_exchanges = u.n_exchanges) as n_accounts_always
    from group_accounts as a
    join unrelated as u on u.account_id = a.account_id
    semi join settings as s on s.group_id = a.group_id
    group by a.group_id
),
judged as (
    select m.*, -log2(greatest(m.n_tenants, 1) / nullif(l.n_tenants, 0)) as bits
    from measured as m
    cross join log_units as l
)
select
    s.group_id as entity_id,
    j.n_tenants >= $min_tenants and j.bits >= $min_bits and j.frozen_share >= $min_frozen_share as is_fired,
    j.bits as value,
    median(j.bits) over () as baseline,
    $min_bits::double as threshold,
    s.n_exchanges,
    s.n_accounts,
    j.n_tenants,
    j.frozen_share,
    j.n_accounts_always
from settings as s
join judged as j on j.group_id = s.group_id
order by entity_id
