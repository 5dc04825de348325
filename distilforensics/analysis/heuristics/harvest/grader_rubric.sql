/*---
id = "harvest.grader_rubric"
code = "H4"
title = "A group uses the model as a grader far more often than the rest of the log"
status = "experimental"
level = "low"
description = "Rate of exchanges whose system prompt or prompt asks for a score after a rubric, or for a choice between two answers, by the versioned lexicon, against the exchanges of all accounts outside of the group. Grading turns a model into a reward model for training another one; it is also how honest evaluation works."
entity = "group"
sees = "$min_accounts accounts with $min_exchanges exchanges of which, at 99 % confidence, more than $min_rate carry a grading instruction, and $min_lift times more than in the exchanges of all other accounts; at least $min_marked_accounts accounts carry it."
volume = "a group of at least $min_accounts accounts with at least $min_exchanges exchanges with text, and $min_rest exchanges of other accounts as comparison"
reads = ["all_group_accounts", "exchange_features", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "prompt_text|system_text"]
params.min_accounts = { default = 20, unit = "accounts", why = "personal pools of two to six subscriptions are common and no harvest" }
params.min_exchanges = { default = 100, unit = "exchanges", why = "rates from fewer exchanges have intervals too wide to compare" }
params.min_marked_accounts = { default = 10, unit = "accounts", why = "half of the smallest group: one enthusiast does not speak for a group" }
params.min_rate = { default = 0.2, unit = "share of exchanges", why = "grading is common in small amounts; one exchange in five makes it a purpose of the group" }
params.min_lift = { default = 5, unit = "ratio to the rest of the log", why = "the phrases occur in lessons, audits and agent frameworks too; five times as often as elsewhere is no matter of taste" }
params.min_rest = { default = 200, unit = "exchanges", why = "with fewer exchanges outside, the rest of the log has no rate" }
params.short_answer = { default = 50, unit = "tokens", why = "a score, or a score with one line of reason" }
params.z = { default = 2.576, unit = "standard deviations", why = "99 % Wilson intervals" }
stricter = { min_rate = "higher", min_lift = "higher" }
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
modified = "2026-11-25"
version = 2
---*/
with account_marks as (
    select account_id, count(*) as n, count(*) filter (where list_contains(lexicon_marks, 'grader_rubric')) as n_marked
    from exchange_features
    where lexicon_marks is not null
    group by account_id
),
log_marks as (
    select coalesce(sum(n), 0)::bigint as n, coalesce(sum(n_marked), 0)::bigint as n_marked from account_marks
),
large_groups as (
    select group_id, n_accounts
    from groups
    where kind <> 'mark' and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
members as (
    select a.group_id, sum(m.n)::bigint as n, sum(m.n_marked)::bigint as n_marked
    from all_group_accounts as a
    semi join large_groups as g on g.group_id = a.group_id
    join account_marks as m on m.account_id = a.account_id
    group by a.group_id
),
inside as (
    select
        e.group_id,
        count(*) as n,
        count(*) filter (where list_contains(e.lexicon_marks, 'grader_rubric')) as n_marked,
        count(distinct e.account_id) filter (where list_contains(e.lexicon_marks, 'grader_rubric')) as n_marked_accounts,
        count(*) filter (where list_contains(e.lexicon_marks, 'grader_rubric') and e.output_tokens <= $short_answer)
        / nullif(count(*) filter (where list_contains(e.lexicon_marks, 'grader_rubric') and e.output_tokens is not null), 0) as short_answer_share
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.lexicon_marks is not null
    group by e.group_id
    having count(*) >= $min_exchanges
),
compared as (
    select
        i.*,
        g.n_accounts,
        l.n - m.n as n_rest,
        i.n_marked / nullif(i.n, 0) as rate,
        (l.n_marked - m.n_marked) / nullif(l.n - m.n, 0) as rest_rate
    from inside as i
    join large_groups as g on g.group_id = i.group_id
    join members as m on m.group_id = i.group_id
    cross join log_marks as l
    where l.n - m.n >= $min_rest
),
bounded as (
    select
        *,
        round((rate + $z * $z / nullif(2 * n, 0) - $z * sqrt(rate * (1 - rate) / nullif(n, 0) + $z * $z / nullif(4 * n * n, 0)))
            / nullif(1 + $z * $z / nullif(n, 0), 0), 6) as lower_bound,
        round((rest_rate + $z * $z / nullif(2 * n_rest, 0)
            + $z * sqrt(rest_rate * (1 - rest_rate) / nullif(n_rest, 0) + $z * $z / nullif(4 * n_rest * n_rest, 0)))
            / nullif(1 + $z * $z / nullif(n_rest, 0), 0), 6) as rest_upper_bound
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
