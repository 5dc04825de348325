/*---
id = "harvest.policy_rewrite"
code = "H9"
title = "A group asks far more often than the rest of the log for safe versions of sensitive questions"
status = "experimental"
level = "lead"
description = "Rate of exchanges whose system prompt or prompt asks to rewrite a sensitive, controversial or forbidden request as a safe one, by the versioned lexicon. Compared with all accounts outside of the group. A lead: who writes about politics, moderates or translates news asks for the same, and a grade must not rest on the subject of a conversation."
entity = "group"
sees = "$min_accounts accounts with $min_exchanges exchanges of which, at 99 % confidence, more than $min_rate carry a phrase that asks for a safe version of something sensitive, and $min_lift times more than in the exchanges of all other accounts; at least $min_marked_accounts accounts carry it."
volume = "a group of at least $min_accounts accounts with at least $min_exchanges exchanges with text, and $min_rest exchanges of other accounts as comparison"
reads = ["group_marks", "groups"]
needs = ["account_id", "started_at", "prompt_text|system_text"]
params.min_accounts = { default = 20, unit = "accounts", why = "personal pools of two to six subscriptions are common and no harvest" }
params.min_exchanges = { default = 100, unit = "exchanges", why = "rates from fewer exchanges have intervals too wide to compare" }
params.min_marked_accounts = { default = 10, unit = "accounts", why = "half of the smallest group: one author does not speak for a group" }
params.min_rate = { default = 0.05, unit = "share of exchanges", why = "one exchange in twenty is a method, not a curiosity" }
params.min_lift = { default = 5, unit = "ratio to the rest of the log", why = "as for the other phrases of the lexicon; moderators and editors use them too" }
params.min_rest = { default = 200, unit = "exchanges", why = "with fewer exchanges outside, the rest of the log has no rate" }
params.z = { default = 2.576, unit = "standard deviations", why = "99 % Wilson intervals" }
output.n_marked = { unit = "exchanges", meaning = "exchanges of the group with the mark" }
output.n_marked_accounts = { unit = "accounts", meaning = "accounts of the group with at least one such exchange" }
output.lower_bound = { unit = "share", meaning = "lower end of the 99 % Wilson interval of value; this is what is compared" }
output.rest_upper_bound = { unit = "share", meaning = "upper end of the 99 % Wilson interval of baseline" }
output.n_rest = { unit = "exchanges", meaning = "exchanges with text of accounts outside of the group" }
value = { unit = "share of exchanges", meaning = "exchanges of the group with such a phrase; baseline: the same over all accounts that are not in the group" }
falsepositives = ["moderation and compliance vendors", "newsrooms, public relations, translation of political texts", "research on bias and censorship"]
limitations = ["English and Chinese phrases alone; paraphrases are not seen", "says nothing of whether the rewriting serves a student model or a readership", "never counts towards a grade, because it depends on what is talked about"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: censorship-safe alternatives to policy-sensitive queries", "E. B. Wilson, Probable inference, JASA 22 (1927)"]
tags = ["atlas.AML.T0024.002"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 2
---*/
with compared as (
    select m.*, g.n_accounts
    from group_marks as m
    join groups as g on g.group_id = m.group_id
    where m.wish = 'safe versions'
        and g.n_accounts >= $min_accounts
        and g.n_exchanges >= $min_exchanges
        and m.n >= $min_exchanges
        and m.n_rest >= $min_rest
),
bounded as (
    select *, round(wilson_low(rate, n, $z), 6) as lower_bound, round(wilson_high(rest_rate, n_rest, $z), 6) as rest_upper_bound
    from compared
)
select
    group_id as entity_id,
    lower_bound >= greatest($min_rate, $min_lift * rest_upper_bound) and n_marked_accounts >= $min_marked_accounts as is_fired,
    rate as value,
    rest_rate as baseline,
    greatest($min_rate, $min_lift * rest_upper_bound)::double as threshold,
    n as n_exchanges,
    n_accounts,
    n_marked,
    n_marked_accounts,
    lower_bound,
    rest_upper_bound,
    n_rest
from bounded
order by entity_id
