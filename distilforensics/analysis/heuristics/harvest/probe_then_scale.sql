/*---
id = "harvest.probe_then_scale"
code = "H10"
title = "Accounts that were refused in many ways turn to one template that is not refused, in volume"
status = "experimental"
level = "medium"
description = "A reported campaign first sent thousands of requests, each with another technique, most of them refused, and then scaled what worked. For every text template: the day on which it reached volume; what its accounts sent in the two weeks before and how much of that was refused; and how often the template itself is refused afterwards."
entity = "group"
sees = "A template of $min_accounts accounts that grows $min_growth times over what it was before, to $min_scaled exchanges, while in the $window_d days before its accounts had $min_refused different prompts refused, on $min_probing_accounts accounts, at a rate of $min_rate and $min_lift times that of the rest of the log; the template is refused at most $max_remaining times as often."
volume = "a template of at least $min_accounts accounts with $min_scaled exchanges, that reached volume after the first day of the log, and whose accounts sent $min_before other exchanges in the $window_d days before"
reads = ["all_group_accounts", "exchange_features", "group_accounts", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "prompt_text|prompt_sha256", "finish_reason|response_text|status"]
params.min_accounts = "group_accounts"
params.min_scaled = { default = 500, unit = "exchanges", why = "what is scaled is meant to be large; fewer are still trying" }
params.min_growth = { default = 20, unit = "ratio", why = "as a reported campaign did: from one variant among many to the only one" }
params.window_d = { default = 14, unit = "days", why = "techniques age with every model; the scaling follows within two weeks" }
params.min_before = { default = 100, unit = "exchanges", why = "a rate of fewer is too coarse" }
params.min_refused = { default = 50, unit = "different prompts refused", why = "a person gives up after some; the reported campaign tried more than 12,000, of which a log may hold a part" }
params.min_probing_accounts = { default = 5, unit = "accounts with a refused prompt", why = "one red teamer or one troubled user is no operation" }
params.min_rate = { default = 0.1, unit = "share of the exchanges before", why = "ordinary accounts are refused in a few of a thousand exchanges" }
params.min_lift = "lift"
params.max_remaining = { default = 0.25, unit = "ratio of the template's refusals to those before", why = "what is scaled works" }
output.scaled_on = { unit = "UTC day", meaning = "first day with half of the template's greatest daily volume" }
output.n_before = { unit = "exchanges", meaning = "exchanges of the template's accounts in the window before, without the template" }
output.n_refused_before = { unit = "prompts", meaning = "different prompts refused among these" }
output.n_probing_accounts = { unit = "accounts", meaning = "accounts of the template with a prompt refused in the window before" }
output.growth = { unit = "ratio", meaning = "exchanges with the template from scaled_on on / in the window before (at least 1)" }
output.share_refused_after = { unit = "share", meaning = "refused exchanges with the template from scaled_on on" }
value = { unit = "share of the exchanges before", meaning = "refused exchanges of the template's accounts in the window before, without the template; baseline: refused exchanges over all accounts that do not carry the template" }
falsepositives = ["a contracted red team that goes over to a regression suite", "a product whose first prompt kept running into a filter and was corrected"]
limitations = ["a campaign that probes with other accounts, before the log begins or with another provider is not seen", "refusals have to be logged as such or to begin the answer", "templates of call parameters and clusters are not judged, since they are the same before and after"]
references = ["Anthropic, Detecting and countering misuse of AI, September 2026, pages 143 to 154: more than 12,000 requests, each with a different extraction technique"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0054", "atlas.AML.T0065"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-25"
version = 1
---*/
with large_groups as (
    select group_id, n_accounts
    from groups
    where kind in ('system', 'prefix', 'suffix') and n_accounts >= $min_accounts and n_exchanges >= $min_scaled
),
group_days as (
    select e.group_id, e.started_at::date as day, count(*) as n, count(*) filter (where e.is_refused) as n_refused
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where e.is_refused is not null
    group by e.group_id, e.started_at::date
),
peaks as (
    select group_id, max(n) as n from group_days group by group_id
),
log_begin as (
    select min(started_at)::date as day from exchange_features
),
scaled as (
    select d.group_id, min(d.day) as day
    from group_days as d
    join peaks as p on p.group_id = d.group_id
    where 2 * d.n >= p.n
    group by d.group_id
),
phases as (
    select
        s.group_id,
        s.day as scaled_on,
        coalesce(sum(d.n) filter (where d.day >= s.day), 0)::bigint as n_after,
        coalesce(sum(d.n_refused) filter (where d.day >= s.day), 0)::bigint as n_refused_after,
        coalesce(sum(d.n) filter (where d.day < s.day and d.day >= s.day - $window_d::integer), 0)::bigint as n_before,
        coalesce(sum(d.n_refused) filter (where d.day < s.day and d.day >= s.day - $window_d::integer), 0)::bigint as n_refused_before
    from scaled as s
    cross join log_begin as l
    join group_days as d on d.group_id = s.group_id
    where s.day > l.day
    group by s.group_id, s.day
),
account_days_answered as (
    select account_id, started_at::date as day, count(*) as n, count(*) filter (where is_refused) as n_refused
    from exchange_features
    where is_refused is not null
    group by account_id, started_at::date
),
-- A refused prompt counts once in the log, on the account and day on which it was refused first, so that counts add up.
first_refusals as (
    select account_id, started_at::date as day
    from exchange_features
    where is_refused and prompt_hash is not null
    qualify row_number() over (partition by prompt_hash order by started_at, record_id) = 1
),
new_refusals as (
    select account_id, day, count(*) as n from first_refusals group by account_id, day
),
before as (
    select
        p.group_id,
        sum(d.n)::bigint as n,
        sum(d.n_refused)::bigint as n_refused,
        coalesce(sum(r.n), 0)::bigint as n_prompts,
        count(distinct d.account_id) filter (where d.n_refused > 0) as n_accounts
    from phases as p
    join group_accounts as a on a.group_id = p.group_id
    join account_days_answered as d on d.account_id = a.account_id and d.day < p.scaled_on and d.day >= p.scaled_on - $window_d::integer
    left join new_refusals as r on r.account_id = d.account_id and r.day = d.day
    group by p.group_id
),
account_totals as (
    select account_id, sum(n)::bigint as n, sum(n_refused)::bigint as n_refused from account_days_answered group by account_id
),
log_totals as (
    select sum(n)::bigint as n, sum(n_refused)::bigint as n_refused from account_totals
),
members as (
    select a.group_id, sum(t.n)::bigint as n, sum(t.n_refused)::bigint as n_refused
    from all_group_accounts as a
    semi join phases as p on p.group_id = a.group_id
    join account_totals as t on t.account_id = a.account_id
    group by a.group_id
),
judged as (
    select
        p.group_id,
        p.scaled_on,
        p.n_after,
        b.n - p.n_before as n_before,
        b.n_prompts,
        b.n_accounts as n_probing_accounts,
        (b.n_refused - p.n_refused_before) / nullif(b.n - p.n_before, 0) as rate,
        coalesce((l.n_refused - m.n_refused) / nullif(l.n - m.n, 0), 0) as rest_rate,
        p.n_after / greatest(p.n_before, 1) as growth,
        p.n_refused_after / nullif(p.n_after, 0) as rate_after
    from phases as p
    join before as b on b.group_id = p.group_id
    join members as m on m.group_id = p.group_id
    cross join log_totals as l
    where p.n_after >= $min_scaled and b.n - p.n_before >= $min_before
)
select
    j.group_id as entity_id,
    round(j.rate, 6) >= round(greatest($min_rate, $min_lift * j.rest_rate), 6)
    and j.n_prompts >= $min_refused
    and j.n_probing_accounts >= $min_probing_accounts
    and j.growth >= $min_growth
    and round(j.rate_after, 6) <= round($max_remaining * j.rate, 6) as is_fired,
    round(j.rate, 6) as value,
    round(j.rest_rate, 6) as baseline,
    round(greatest($min_rate, $min_lift * j.rest_rate), 6)::double as threshold,
    j.n_after as n_exchanges,
    g.n_accounts,
    j.scaled_on,
    j.n_before,
    j.n_prompts as n_refused_before,
    j.n_probing_accounts,
    round(j.growth, 3) as growth,
    round(j.rate_after, 6) as share_refused_after
from judged as j
join large_groups as g on g.group_id = j.group_id
order by entity_id
