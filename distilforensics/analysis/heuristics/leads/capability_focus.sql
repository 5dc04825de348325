/*---
id = "harvest.capability_focus"
code = "H7"
title = "A group's tasks are of one kind where the log's accounts have many"
status = "experimental"
level = "lead"
description = "Exchanges are sorted coarsely into agent (tools are offered), code and mathematics (marks of the lexicon on the beginning of the prompt) and other. The mixture of a group is set against the mean mixture of the accounts outside by the Jensen-Shannon divergence. Campaigns aim at such kinds of tasks; so do the makers of tools for them and everybody who buys a model for one purpose, which is why it is a lead."
entity = "group"
sees = "$min_accounts accounts with $min_exchanges exchanges of which at least $min_share are of one of the kinds agent, code and mathematics, $min_excess more than of the accounts outside; the mixtures differ by $min_divergence bits."
volume = "a group of at least $min_accounts accounts with at least $min_exchanges exchanges whose kind is known, and $min_reference_accounts accounts outside with $min_reference_exchanges such exchanges"
reads = ["all_group_accounts", "exchange_features", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "prompt_text|n_tools"]
params.min_accounts = "group_accounts"
params.min_exchanges = "distribution_exchanges"
params.min_share = { default = 0.8, unit = "share of exchanges", why = "the lexicon marks 84 to 90 % of public sets of code and mathematics" }
params.min_excess = { default = 0.4, unit = "share above the accounts outside", why = "in a log of coding tools, coding is no focus" }
params.min_divergence = { default = 0.15, unit = "bits", why = "a shift of 0.4 between two kinds is about 0.13; the whole mixture has to differ" }
params.min_reference_accounts = "reference_accounts"
params.min_reference_exchanges = "reference_exchanges"
output.focus = { unit = "kind", meaning = "agent, code or math: the kind with the largest excess" }
output.divergence_bits = { unit = "bits", meaning = "Jensen-Shannon divergence of both mixtures, 0 to 1" }
output.share_agent = { unit = "share", meaning = "exchanges of the group that offer tools" }
output.share_code = { unit = "share", meaning = "exchanges without tools whose prompt speaks of code" }
output.share_math = { unit = "share", meaning = "exchanges without tools and code whose prompt speaks of numbers" }
output.n_reference_accounts = { unit = "accounts", meaning = "accounts outside of the group behind the baseline" }
value = { unit = "share of exchanges", meaning = "exchanges of the group of the kind `focus`; baseline: the mean share over accounts outside of the group" }
falsepositives = ["coding agents and their users", "tutoring products for mathematics", "benchmark runs of code or mathematics"]
limitations = ["four coarse kinds by a lexicon of English and Chinese phrases; images and other media are not told apart", "a campaign that collects many kinds of tasks, or relays real users, has no focus", "never counts towards a grade"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: all targeting the same narrow capability; agentic reasoning, tool use, coding", "J. Lin, Divergence measures based on the Shannon entropy, IEEE Transactions on Information Theory 37 (1991)"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0005.001"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-25"
version = 2
---*/
with account_kinds as (
    select
        account_id,
        count(*) as n,
        count(*) filter (where n_tools > 0) as n_agent,
        count(*) filter (where coalesce(n_tools, 0) = 0 and list_contains(lexicon_marks, 'task_code')) as n_code,
        count(*) filter (
            where coalesce(n_tools, 0) = 0 and list_contains(lexicon_marks, 'task_math') and not list_contains(lexicon_marks, 'task_code')
        ) as n_math
    from exchange_features
    where lexicon_marks is not null or n_tools > 0
    group by account_id
    having count(*) >= $min_reference_exchanges
),
-- Every account counts alike, in millionths of its exchanges, so that sums are exact and members can be taken off.
account_shares as (
    select
        account_id,
        n_agent * 1000000 // nullif(n, 0) as agent,
        n_code * 1000000 // nullif(n, 0) as code,
        n_math * 1000000 // nullif(n, 0) as math
    from account_kinds
),
log_shares as (
    select count(*) as n, sum(agent)::bigint as agent, sum(code)::bigint as code, sum(math)::bigint as math from account_shares
),
large_groups as (
    select group_id, n_accounts
    from groups
    where n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
members as (
    select a.group_id, count(*) as n, sum(s.agent)::bigint as agent, sum(s.code)::bigint as code, sum(s.math)::bigint as math
    from all_group_accounts as a
    semi join large_groups as g on g.group_id = a.group_id
    join account_shares as s on s.account_id = a.account_id
    group by a.group_id
),
inside as (
    select
        e.group_id,
        count(*) as n,
        count(*) filter (where e.n_tools > 0) / nullif(count(*), 0) as agent,
        count(*) filter (where coalesce(e.n_tools, 0) = 0 and list_contains(e.lexicon_marks, 'task_code')) / nullif(count(*), 0) as code,
        count(*) filter (
            where coalesce(e.n_tools, 0) = 0 and list_contains(e.lexicon_marks, 'task_math') and not list_contains(e.lexicon_marks, 'task_code')
        ) / nullif(count(*), 0) as math
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.lexicon_marks is not null or e.n_tools > 0
    group by e.group_id
    having count(*) >= $min_exchanges
),
compared as (
    select
        i.group_id,
        i.n,
        l.n - coalesce(m.n, 0) as n_outside,
        unnest(['agent', 'code', 'math', 'other']) as kind,
        unnest([i.agent, i.code, i.math, greatest(1 - i.agent - i.code - i.math, 0)]) as p,
        unnest([
            (l.agent - coalesce(m.agent, 0)) / nullif((l.n - coalesce(m.n, 0)) * 1000000, 0),
            (l.code - coalesce(m.code, 0)) / nullif((l.n - coalesce(m.n, 0)) * 1000000, 0),
            (l.math - coalesce(m.math, 0)) / nullif((l.n - coalesce(m.n, 0)) * 1000000, 0),
            greatest(1 - (l.agent - coalesce(m.agent, 0) + l.code - coalesce(m.code, 0) + l.math - coalesce(m.math, 0))
                / nullif((l.n - coalesce(m.n, 0)) * 1000000, 0), 0)
        ]) as q
    from inside as i
    cross join log_shares as l
    left join members as m on m.group_id = i.group_id
    where l.n - coalesce(m.n, 0) >= $min_reference_accounts
),
divergences as (
    select
        group_id,
        min(n) as n,
        min(n_outside) as n_outside,
        sum(coalesce(p * log2(nullif(2 * p / nullif(p + q, 0), 0)), 0) / 2 + coalesce(q * log2(nullif(2 * q / nullif(p + q, 0), 0)), 0) / 2
            order by kind) as divergence,
        arg_max(kind, (round(p - q, 6), round(p, 6), kind)) filter (where kind <> 'other') as focus,
        max(p) filter (where kind = 'agent') as agent,
        max(p) filter (where kind = 'code') as code,
        max(p) filter (where kind = 'math') as math
    from compared
    group by group_id
)
select
    d.group_id as entity_id,
    round(c.p, 6) >= round(greatest($min_share, c.q + $min_excess), 6) and round(d.divergence, 6) >= $min_divergence as is_fired,
    round(c.p, 6) as value,
    round(c.q, 6) as baseline,
    round(greatest($min_share, c.q + $min_excess), 6)::double as threshold,
    d.n as n_exchanges,
    g.n_accounts,
    d.focus,
    round(greatest(d.divergence, 0), 6) as divergence_bits,
    d.agent as share_agent,
    d.code as share_code,
    d.math as share_math,
    d.n_outside as n_reference_accounts
from divergences as d
join compared as c on c.group_id = d.group_id and c.kind = d.focus
join large_groups as g on g.group_id = d.group_id
order by entity_id
