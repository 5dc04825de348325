/*---
id = "evasion.rate_hugging"
code = "E2"
title = "An account stays just below its highest rate and is hardly ever refused"
status = "experimental"
level = "lead"
description = "Counts how many of an account's busy minutes, hours or days lie just below the busiest one. A client that knows a limit fills it and stops short of it, again and again; people and chance leave one peak and much below. Well-written programs do the same, so it bears no grade."
entity = "account"
sees = "An account of which a share of $min_share of its busy minutes, hours or days lies between $near and 1 of its busiest, $min_excess more than of the median account, with at most $max_limited of its calls refused for rate."
volume = "an account with $min_peak exchanges in its busiest minute, hour or day and $min_busy busy ones (at least the share $busy of the peak), and $min_reference_accounts accounts with such a peak and $min_reference_busy busy ones"
reads = ["exchange_features"]
needs = ["account_id", "started_at", "status"]
params.min_peak = { default = 20, unit = "exchanges in the busiest minute, hour or day", why = "below it the band under the peak is two or three counts wide" }
params.min_busy = { default = 20, unit = "minutes, hours or days", why = "a share of fewer is too coarse" }
params.min_reference_busy = { default = 3, unit = "minutes, hours or days", why = "accounts of fewer busy periods do not tell what is usual" }
params.min_reference_accounts = { default = 3, unit = "accounts", why = "with one or two, the account would be compared with itself" }
params.busy = { default = 0.5, unit = "share of the peak", why = "pauses, starts and ends of a run are left out" }
params.near = { default = 0.85, unit = "share of the peak", why = "clients that count requests leave a margin of about a tenth" }
params.min_share = { default = 0.7, unit = "share of busy periods", why = "counts that scatter by chance around an even rate of 50 leave about a third in this band" }
params.min_excess = { default = 0.3, unit = "share above that of the median account", why = "where all accounts run into the same limit it says nothing about one" }
params.max_limited = { default = 0.01, unit = "share of exchanges", why = "who does not know the limit is refused" }
output.window = { unit = "minute, hour or day", meaning = "period with the highest share" }
output.peak = { unit = "exchanges", meaning = "in the busiest period" }
output.n_busy = { unit = "periods", meaning = "periods of at least the share busy of the peak" }
output.share_limited = { unit = "share of exchanges", meaning = "refused for rate" }
value = { unit = "share of busy periods", meaning = "periods between near and 1 of the busiest; baseline: median over accounts with such a peak, same period" }
falsepositives = ["batch programs with a rate limiter of their own or a fixed number of workers", "load tests at a fixed rate"]
limitations = ["staying well below the limit, or at changing rates, is not seen", "limits on tokens show only where calls are alike", "the limit itself is not in the log; the account's own peak stands for it"]
references = ["NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: systematic quota and cost optimisation"]
tags = ["atlas.AML.T0024.002", "owasp.LLM10"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-25"
version = 1
---*/
with minutes as (
    select account_id, epoch_us(started_at) // 60000000 as minute, count(*) as n, count(*) filter (where status = 'limited') as n_limited
    from exchange_features
    group by account_id, epoch_us(started_at) // 60000000
),
totals as (
    select account_id, sum(n)::bigint as n_exchanges, sum(n_limited) / nullif(sum(n), 0) as share_limited
    from minutes
    group by account_id
    having sum(n) >= $min_peak * $busy * $min_busy
),
periods as (
    select account_id, 'minute' as period, n
    from minutes
    semi join totals using (account_id)
    union all
    select account_id, 'hour', sum(n)::bigint
    from minutes
    semi join totals using (account_id)
    group by account_id, minute // 60
    union all
    select account_id, 'day', sum(n)::bigint
    from minutes
    semi join totals using (account_id)
    group by account_id, minute // 1440
),
peaks as (
    select account_id, period, max(n) as peak
    from periods
    group by account_id, period
    having max(n) >= $min_peak
),
shares as (
    select
        p.account_id,
        p.period,
        k.peak,
        count(*) filter (where p.n >= $busy * k.peak) as n_busy,
        count(*) filter (where p.n >= $near * k.peak) / nullif(count(*) filter (where p.n >= $busy * k.peak), 0) as share
    from periods as p
    join peaks as k on k.account_id = p.account_id and k.period = p.period
    group by p.account_id, p.period, k.peak
),
usual as (
    select period, median(share) as share
    from shares
    where n_busy >= $min_reference_busy
    group by period
    having count(*) >= $min_reference_accounts
),
chosen as (
    select s.account_id, s.period, s.peak, s.n_busy, s.share, u.share as usual_share, t.n_exchanges, t.share_limited
    from shares as s
    join usual as u on u.period = s.period
    join totals as t on t.account_id = s.account_id
    where s.n_busy >= $min_busy
    qualify row_number() over (partition by s.account_id order by s.share - u.share desc, s.share desc, s.period) = 1
)
select
    account_id as entity_id,
    round(share, 6) >= round(greatest($min_share, usual_share + $min_excess), 6) and share_limited <= $max_limited as is_fired,
    round(share, 6) as value,
    round(usual_share, 6) as baseline,
    round(greatest($min_share, usual_share + $min_excess), 6) as threshold,
    n_exchanges,
    1::bigint as n_accounts,
    period as "window",
    peak,
    n_busy,
    round(share_limited, 6) as share_limited
from chosen
order by entity_id
