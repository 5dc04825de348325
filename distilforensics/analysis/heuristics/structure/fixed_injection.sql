/*---
id = "structure.fixed_injection"
code = "S2"
title = "One rare passage inside of the otherwise different prompts of many accounts"
status = "experimental"
level = "medium"
description = "A passage of at least 48 bytes stands somewhere in prompts or system prompts that differ in all else, begin and end differently, and come from many accounts. Accounts that carry it do so in much of their traffic; hardly anybody else does."
entity = "group"
sees = "A passage that $min_accounts accounts of different customers put into $min_distinct_prompts different prompts, in at least $min_share of the exchanges of the median carrier, $min_lift times more often than accounts that used it fewer than $min_uses times or never."
volume = "a passage carried by at least $min_accounts accounts, at least $min_uses times each, in at least $min_exchanges exchanges"
reads = ["account_profiles", "customers", "group_accounts", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "prompt_text|system_text"]
partition = "group"
params.min_accounts = "group_accounts"
params.min_uses = { default = 3, unit = "exchanges per account", why = "one or two may be a quotation; the lowest published load is four requests per account" }
params.min_exchanges = "group_exchanges"
params.min_distinct_prompts = { default = 80, unit = "prompts", why = "an instruction in few prompts is a form letter" }
params.min_distinct_share = "half"
params.min_share = { default = 0.2, unit = "share of the exchanges of an account", why = "published pools mixed harvest with up to 70 % of other traffic; a phrase that people use now and then stays far below" }
params.min_lift = { default = 20, unit = "ratio to all other accounts", why = "common inside and rare outside: a passage that others use at a twentieth of the rate is ordinary" }
params.max_account_share = "popular_share"
params.max_customer_share = { default = 0.5, unit = "share of the carriers", why = "a text that one customer's accounts send is that customer's" }
output.n_carriers = { unit = "accounts", meaning = "accounts with at least min_uses exchanges that carry the passage" }
output.n_distinct_prompts = { unit = "prompts", meaning = "different prompts that carry it" }
output.account_share = { unit = "share", meaning = "carriers / accounts of the log" }
output.largest_customer_share = { unit = "share", meaning = "carriers of the tenant with most of them; an account without tenant is a customer of its own" }
output.n_tenants = { unit = "customers", meaning = "tenants of the carriers, accounts without tenant counted one by one" }
value = { unit = "share of exchanges", meaning = "median over the carriers: exchanges with the passage / exchanges; baseline: the same ratio over all other accounts together" }
falsepositives = ["a plug-in or agent product of a niche that adds a fixed text inside of the prompt", "a team whose accounts are not known to be one customer and that shares an instruction file", "a course whose exercises all quote one paragraph"]
limitations = ["needs text: with exported hashes it is not evaluated", "a passage below 48 bytes, and one beyond the first and last 2048 characters of a text, is not seen; from 111 bytes on it always is", "an instruction at the beginning or the end of all prompts is a template of that kind and left to structure.template_span", "an instruction that is translated or rephrased is seen as a reworded frame at best"]
references = ["Anthropic, Detecting and countering misuse of AI, September 2026, pages 143 to 154: one fixed prompt injected in every request that forces reasoning inside of inline tags before the answer", "S. Schleimer, D. Wilkerson, A. Aiken, Winnowing, SIGMOD 2003"]
tags = ["atlas.AML.T0024.002", "owasp.LLM10"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 2
---*/
with passages as (
    select group_id, n_accounts
    from groups
    where kind = 'passage' and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
carriers as (
    select
        g.group_id,
        g.account_id,
        g.n_exchanges as n_carrying,
        p.n_exchanges,
        g.n_exchanges / nullif(p.n_exchanges, 0) as share,
        c.named_customer as customer
    from group_accounts as g
    semi join passages as s on s.group_id = g.group_id
    join account_profiles as p on p.account_id = g.account_id
    join customers as c on c.account_id = g.account_id
    where g.n_exchanges >= $min_uses
),
by_customer as (
    select group_id, customer, count(*) as n from carriers group by group_id, customer
),
largest as (
    select group_id, max(n) as n_largest, count(*) as n_customers from by_customer group by group_id
),
carried as (
    select group_id, sum(n_exchanges)::bigint as n from group_accounts group by group_id
),
measured as (
    select
        c.group_id,
        count(*) as n_carriers,
        sum(c.n_carrying)::bigint as n_carrying,
        sum(c.n_exchanges)::bigint as n_of_carriers,
        median(c.share) as share
    from carriers as c
    group by c.group_id
    having count(*) >= $min_accounts
),
fillings as (
    select e.group_id, e.prompt_hash
    from group_exchanges as e
    semi join measured as m on m.group_id = e.group_id
    group by e.group_id, e.prompt_hash
),
filled as (
    select group_id, count(*) as n_distinct_prompts from fillings group by group_id
),
population as (
    select count(*) as n_accounts, sum(n_exchanges)::bigint as n_exchanges from account_profiles
),
judged as (
    select
        m.*,
        s.n_accounts,
        t.n as n_all,
        f.n_distinct_prompts,
        f.n_distinct_prompts / nullif(t.n, 0) as distinct_share,
        m.n_carriers / nullif(p.n_accounts, 0) as account_share,
        l.n_largest / nullif(m.n_carriers, 0) as largest_customer_share,
        l.n_customers,
        coalesce((t.n - m.n_carrying) / nullif(p.n_exchanges - m.n_of_carriers, 0), 0) as rest_share
    from measured as m
    join passages as s on s.group_id = m.group_id
    join carried as t on t.group_id = m.group_id
    join filled as f on f.group_id = m.group_id
    join largest as l on l.group_id = m.group_id
    cross join population as p
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, $min_lift * rest_share), 6)
    and n_distinct_prompts >= $min_distinct_prompts
    and distinct_share >= $min_distinct_share
    and account_share <= $max_account_share
    and largest_customer_share <= $max_customer_share as is_fired,
    share as value,
    rest_share as baseline,
    greatest($min_share, $min_lift * rest_share)::double as threshold,
    n_all as n_exchanges,
    n_accounts,
    n_carriers,
    n_distinct_prompts,
    account_share,
    largest_customer_share,
    n_customers as n_tenants
from judged
order by entity_id
