/*---
id = "coordination.handover_partner"
code = "K11"
title = "An account takes part in handing refused prompts from account to account"
status = "experimental"
level = "medium"
description = "Marks accounts whose failed prompt is sent next, within a minute, by another customer's account, and the accounts that send it. coordination.failover_reissue needs twenty failed calls of one template; this looks at all that an account sends. A pool that rewords every request and mixes in other work is seen as well. One account says nothing; what counts is how many of a group's accounts take part, against all others."
entity = "account"
sees = "A quarter of a group's accounts that hand a failed prompt on within $window_s seconds or take one over, three times as often as all other accounts."
volume = "$min_prompts exchanges of an account with a prompt"
reads = ["customers", "exchange_features", "next_prompts"]
needs = ["account_id", "started_at", "status"]
requires_order = true
requires_complete = true
params.min_prompts = { default = 5, unit = "exchanges with a prompt", why = "accounts that hardly did anything would make the share of the others look lower than it is" }
params.window_s = { default = 60, unit = "seconds", why = "programs fail over with the next call, after a pause of at most a minute" }
params.max_holders = { default = 3, unit = "customers that send the prompt anywhere in the log", why = "what many send (a greeting, a heartbeat, a viral prompt) meets by chance; a failed call is passed on once or twice" }
params.min_handovers = { default = 1, unit = "prompts handed on or taken over", why = "a pool that stays below its limits fails rarely; chance is measured on all other accounts" }
output.n_given = { unit = "failed exchanges", meaning = "of the account, whose prompt is next sent by another customer within the window" }
output.n_taken = { unit = "exchanges", meaning = "of the account, that repeat another customer's failed prompt within the window" }
output.n_partners = { unit = "accounts", meaning = "with which it exchanged prompts in this way" }
value = { unit = "prompts", meaning = "handed on and taken over" }
falsepositives = ["a gateway that tries another customer's account when a call fails", "two colleagues who paste the same prompt when one of them is refused"]
limitations = ["needs the text or an exported hash of prompts, and a status per call", "a pool that varies the prompt when it repeats it is not seen"]
references = ["NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: automated failover between pathways"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0008.005"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 2
---*/
with sent as (
    select e.record_id, e.prompt_hash, e.account_id, c.customer, coalesce(e.status in ('limited', 'error', 'blocked'), false) as is_failed
    from exchange_features as e
    join customers as c on c.account_id = e.account_id
    where e.prompt_hash is not null
),
rare_prompts as (
    select prompt_hash
    from sent
    group by prompt_hash
    having count(distinct customer) between 2 and $max_holders and count(*) filter (where is_failed) > 0
),
handed as (
    select s.account_id, n.next_account_id as next_account
    from sent as s
    semi join rare_prompts as r on r.prompt_hash = s.prompt_hash
    join next_prompts as n on n.record_id = s.record_id
    where s.is_failed and n.next_customer <> n.customer and n.delay_us <= $window_s * 1000000
),
sides as (
    select account_id, next_account as partner, 1 as n_given, 0 as n_taken from handed
    union all
    select next_account, account_id, 0, 1 from handed
),
per_account as (
    select account_id, sum(n_given)::bigint as n_given, sum(n_taken)::bigint as n_taken, count(distinct partner) as n_partners
    from sides
    group by account_id
),
judged as (
    select account_id, count(*) as n
    from sent
    group by account_id
    having count(*) >= $min_prompts
)
select
    j.account_id as entity_id,
    coalesce(p.n_given + p.n_taken, 0) >= $min_handovers as is_fired,
    coalesce(p.n_given + p.n_taken, 0)::double as value,
    null::double as baseline,
    $min_handovers::double as threshold,
    j.n as n_exchanges,
    1::bigint as n_accounts,
    coalesce(p.n_given, 0) as n_given,
    coalesce(p.n_taken, 0) as n_taken,
    coalesce(p.n_partners, 0) as n_partners
from judged as j
left join per_account as p on p.account_id = j.account_id
order by entity_id
