/*---
id = "harvest.cot_elicitation"
code = "H3"
title = "A group asks for the model's reasoning far more often than the rest of the log"
status = "experimental"
level = "medium"
description = "Rate of exchanges that ask for the internal reasoning in system prompt or prompt, by the versioned lexicon of phrases in nine languages. Handing over an encoded block (reasoning that was encrypted or encoded elsewhere, to be turned into text) or reasoning signatures of another conversation counts as well. Compared with the exchanges of all accounts outside of the group. Plain 'step by step' is not in the lexicon. Single occurrences mean nothing; the bounds of the rates are compared."
entity = "group"
sees = "$min_accounts accounts with $min_exchanges exchanges of which, at 99 % confidence, more than $min_rate carry a phrase that asks for internal reasoning, and $min_lift times more than in the exchanges of all other accounts; at least $min_marked_accounts accounts carry it."
volume = "a group of at least $min_accounts accounts with at least $min_exchanges exchanges with text, and $min_rest exchanges of other accounts as comparison"
reads = ["group_marks", "groups"]
needs = ["account_id", "started_at", "prompt_text|system_text"]
params.min_accounts = "group_accounts"
params.min_exchanges = "group_exchanges"
params.min_marked_accounts = "some_accounts"
params.min_rate = "method_share"
params.min_lift = "lift"
params.min_rest = "distribution_exchanges"
params.z = "z"
output.n_marked = { unit = "exchanges", meaning = "exchanges of the group with the mark" }
output.n_marked_accounts = { unit = "accounts", meaning = "accounts of the group with at least one such exchange" }
output.lower_bound = { unit = "share", meaning = "lower end of the 99 % Wilson interval of value; this is what is compared" }
output.rest_upper_bound = { unit = "share", meaning = "upper end of the 99 % Wilson interval of baseline" }
output.n_rest = { unit = "exchanges", meaning = "exchanges with text of accounts outside of the group" }
value = { unit = "share of exchanges", meaning = "exchanges of the group with a phrase that asks for internal reasoning, with an encoded block or with a replayed signature; baseline: the same over all accounts that are not in the group" }
falsepositives = ["people who paste encoded data such as keys, tokens or files", "courses and research on reasoning", "audit trails that require an explanation with every answer", "agent frameworks that let the model think in tags"]
limitations = ["on the group of kind `mark`, which consists of such exchanges by definition, the rate is 1: there it states what makes the group, and coordination has to be shown by other heuristics", "paraphrases and languages outside of the lexicon are not seen, and trace inversion needs no such phrase: silence does not exonerate", "a product whose default system prompt carries such a phrase fires; its accounts are customers", "exchanges of one account are not independent, so the intervals are narrower than they should be; min_marked_accounts guards against one heavy account"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: articulate the internal reasoning behind a completed response", "Anthropic, Detecting and countering misuse of AI, September 2026, pages 143 to 154", "Google GTIG, AI Threat Tracker, 12 February 2026: reasoning trace coercion", "E. B. Wilson, Probable inference, JASA 22 (1927)"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0054"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 5
---*/
with compared as (
    select m.*, g.n_accounts
    from group_marks as m
    join groups as g on g.group_id = m.group_id
    where m.wish = 'reasoning'
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
