/*---
id = "harvest.grader_rubric"
code = "H4"
title = "A group uses the model as a grader far more often than the rest of the log"
status = "experimental"
level = "low"
description = "Rate of exchanges whose system prompt or prompt asks for a score after a rubric, or for a choice between two answers, by the versioned lexicon. Compared with the exchanges of all accounts outside of the group. Grading turns a model into a reward model for training another one; it is also how honest evaluation works."
entity = "group"
sees = "$min_accounts accounts with $min_exchanges exchanges of which, at 99 % confidence, more than $min_rate carry a grading instruction, and $min_lift times more than in the exchanges of all other accounts; at least $min_marked_accounts accounts carry it."
volume = "a group of at least $min_accounts accounts with at least $min_exchanges exchanges with text, and $min_rest exchanges of other accounts as comparison"
reads = ["group_exchanges", "group_marks", "groups"]
needs = ["account_id", "started_at", "prompt_text|system_text"]
params.min_accounts = "group_accounts"
params.min_exchanges = "group_exchanges"
params.min_marked_accounts = "some_accounts"
params.min_rate = "popular_share"
params.min_lift = "lift"
params.min_rest = "distribution_exchanges"
params.short_answer = { default = 50, unit = "tokens", why = "a score, or a score with one line of reason" }
params.z = "z"
output.n_marked = { unit = "exchanges", meaning = "exchanges of the group with the mark" }
output.n_marked_accounts = { unit = "accounts", meaning = "accounts of the group with at least one such exchange" }
output.lower_bound = { unit = "share", meaning = "lower end of the 99 % Wilson interval of value; this is what is compared" }
output.rest_upper_bound = { unit = "share", meaning = "upper end of the 99 % Wilson interval of baseline" }
output.n_rest = { unit = "exchanges", meaning = "exchanges with text of accounts outside of the group" }
output.short_answer_share = { unit = "share", meaning = "marked exchanges with at most short_answer output tokens, or NULL without token counts" }
value = { unit = "share of exchanges", meaning = "exchanges of the group with a grading instruction; baseline: the same over all accounts that are not in the group" }
falsepositives = ["evaluation suites with a model as judge, the most common honest use of such prompts", "grading of school work", "moderation and review scoring"]
limitations = ["the group of kind `mark`, which consists of such exchanges by definition, is not judged", "needs a coordination heuristic to mean anything: judges are ordinary", "rubrics without a scale of numbers, and in languages outside of the lexicon, are not seen"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: rubric-based grading tasks that made the model act as a reward model", "E. B. Wilson, Probable inference, JASA 22 (1927)"]
tags = ["atlas.AML.T0024.002", "owasp.LLM10"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 4
---*/
with short_answers as (
    select
        group_id,
        count(*) filter (where output_tokens <= $short_answer) / nullif(count(output_tokens), 0) as short_answer_share
    from group_exchanges
    where list_contains(lexicon_marks, 'grader_rubric')
    group by group_id
),
compared as (
    select m.*, g.n_accounts, s.short_answer_share
    from group_marks as m
    join groups as g on g.group_id = m.group_id
    left join short_answers as s on s.group_id = m.group_id
    where m.wish = 'grading'
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
    n_rest,
    short_answer_share
from bounded
order by entity_id
