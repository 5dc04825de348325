/*---
id = "harvest.output_reentry"
code = "H5"
title = "Answers given to some accounts come back as inputs of other accounts of the group"
status = "experimental"
level = "high"
description = "Follows answers that were first produced once, on one account, and looks for them in later prompts of other accounts of the same group that belong to other customers: most of the answer's sampled passages, or its exact hash. Independent customers do not hold each other's answers; pools do, when reasoning captured on one account is cleaned, normalised or judged on another."
entity = "group"
sees = "$min_answers answers of at least $min_accounts accounts of the group that come back in later prompts of at least $min_accounts other accounts of the group and of other customers, in $min_share of its exchanges and $min_lift times more than in the rest of the log."
volume = "a group of at least $min_group_accounts accounts with $min_exchanges exchanges with a prompt"
reads = ["all_group_accounts", "customers", "exchange_features", "fingerprints", "group_accounts", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "response_text|response_sha256", "prompt_text|prompt_sha256"]
params.min_group_accounts = "group_accounts"
params.min_exchanges = "group_exchanges"
params.min_accounts = "some_accounts"
params.min_answers = { default = 30, unit = "different answers", why = "one answer that forty students paste is one answer; a pipeline passes on new ones all the time" }
params.min_share = "method_share"
params.min_lift = "lift"
params.sample_every = "passages_sampled"
params.min_common = "common_passages"
params.min_contained = "half"
params.min_answer_chars = "answer_chars"
output.n_reentries = { unit = "exchanges", meaning = "exchanges of the group whose prompt holds such an answer" }
output.n_exact = { unit = "exchanges", meaning = "of these, prompts whose hash is that of the answer" }
output.n_answers = { unit = "answers", meaning = "different answers that come back" }
output.n_source_accounts = { unit = "accounts", meaning = "accounts on which these answers were given" }
output.n_target_accounts = { unit = "accounts", meaning = "accounts on which they come back" }
output.n_pairs = { unit = "ordered pairs of accounts", meaning = "distinct pairs (given to, comes back on)" }
output.median_delay_s = { unit = "seconds", meaning = "median time from the request of the answer to its return" }
value = { unit = "share of exchanges", meaning = "exchanges of the group whose prompt holds an answer first given to another account of the group; baseline: exchanges of accounts outside of the group whose prompt holds an answer of any other account" }
falsepositives = ["one customer whose pipeline hands answers from key to key; excluded where the log names the tenant", "an office or a course whose members pass many answers on and are not known to be one customer", "a service that sends every question to several accounts and lets one of them compare the answers"]
limitations = ["with exported hashes alone only answers that come back whole and unchanged are seen; an instruction around them hides them", "answers that are paraphrased first, or cleaned by another model, are not seen", "the first and last 2048 characters of a text are read; earlier turns of a conversation are not", "an answer that several accounts got before it came back counts for nobody"]
references = ["Anthropic, Detecting and countering misuse of AI, September 2026, pages 143 to 154: 770,609 exchanges in ten days that fed the model's own captured reasoning back to be cleaned, normalised or judged"]
tags = ["atlas.AML.T0024.002"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 3
---*/
-- Keys: a followed passage, or the hash of a whole text as a number with the sign turned, so that the two never meet.
with followed as (
    select
        e.record_id,
        e.account_id,
        c.customer,
        epoch_us(e.started_at) as at_us,
        case when coalesce(e.response_chars, $min_answer_chars) >= $min_answer_chars then -1 - (md5_number_lower(e.response_hash) >> 2)::bigint end as response_key,
        -1 - (md5_number_lower(e.prompt_hash) >> 2)::bigint as prompt_key,
        list_filter(f.response_passages, lambda passage: passage % $sample_every = 0) as response_passages,
        list_filter(f.prompt_passages, lambda passage: passage % $sample_every = 0) as prompt_passages
    from exchange_features as e
    join customers as c on c.account_id = e.account_id
    left join fingerprints as f on f.record_id = e.record_id
),
asked as (
    select key, record_id, account_id, customer, at_us
    from (
        select prompt_key as key, record_id, account_id, customer, at_us from followed
        union all
        select unnest(prompt_passages), record_id, account_id, customer, at_us from followed
    )
    where key is not null
),
answered as (
    select key, record_id, account_id, customer, at_us
    from (
        select response_key as key, record_id, account_id, customer, at_us from followed
        union all
        select unnest(response_passages), record_id, account_id, customer, at_us from followed
    )
    where key is not null
),
first_asked as (
    select key, min(at_us) as at_us from asked group by key
),
answers_of_accounts as (
    select a.key, a.account_id, min((a.at_us, a.record_id, a.customer)) as earliest
    from answered as a
    semi join first_asked as f on f.key = a.key
    group by a.key, a.account_id
),
-- A key counts if one account had it first, in an answer and before anybody asked with it, and no second account got it before that.
first_answers as (
    select
        key,
        account_id,
        earliest[1] as at_us,
        earliest[2] as record_id,
        earliest[3] as customer,
        lead(earliest[1]) over by_time as next_us,
        row_number() over by_time as position
    from answers_of_accounts
    window by_time as (partition by key order by earliest)
),
owned as (
    select a.key, a.account_id, a.at_us, a.record_id, a.customer
    from first_answers as a
    join first_asked as f on f.key = a.key
    where a.position = 1 and a.at_us < f.at_us and coalesce(a.next_us >= f.at_us, true)
),
returned as (
    select
        q.record_id,
        q.account_id,
        o.record_id as answer_id,
        o.account_id as source_account,
        q.at_us - o.at_us as delay_us,
        count(*) filter (where o.key >= 0) as n_common,
        count(*) filter (where o.key < 0) as n_exact
    from asked as q
    join owned as o on o.key = q.key and o.customer <> q.customer and o.at_us < q.at_us
    group by q.record_id, q.account_id, o.record_id, o.account_id, q.at_us - o.at_us
),
reentries as (
    select r.record_id, r.account_id, r.answer_id, r.source_account, r.delay_us, r.n_exact > 0 as is_exact
    from returned as r
    join followed as f on f.record_id = r.answer_id
    where r.n_exact > 0 or (r.n_common >= $min_common and r.n_common >= $min_contained * len(f.response_passages))
),
large_groups as (
    select group_id, n_accounts from groups where n_accounts >= $min_group_accounts
),
sizes as (
    select e.group_id, count(*) as n
    from group_exchanges as e
    semi join large_groups as l on l.group_id = e.group_id
    where e.prompt_hash is not null
    group by e.group_id
    having count(*) >= $min_exchanges
),
inside as (
    select
        e.group_id,
        count(distinct r.record_id) as n_reentries,
        count(distinct r.record_id) filter (where r.is_exact) as n_exact,
        count(distinct r.answer_id) as n_answers,
        count(distinct r.source_account) as n_source_accounts,
        count(distinct r.account_id) as n_target_accounts,
        count(distinct (r.source_account, r.account_id)) as n_pairs,
        median(r.delay_us) as median_delay_us
    from group_exchanges as e
    semi join sizes as z on z.group_id = e.group_id
    join reentries as r on r.record_id = e.record_id
    semi join group_accounts as g on g.group_id = e.group_id and g.account_id = r.source_account
    group by e.group_id
),
target_accounts as (
    select account_id, count(distinct record_id) as n from reentries group by account_id
),
prompts_of_accounts as (
    select account_id, count(prompt_hash) as n from exchange_features group by account_id
),
totals as (
    select sum(p.n)::bigint as n, coalesce(sum(t.n), 0)::bigint as n_reentries
    from prompts_of_accounts as p
    left join target_accounts as t on t.account_id = p.account_id
),
members as (
    select a.group_id, sum(p.n)::bigint as n, coalesce(sum(t.n), 0)::bigint as n_reentries
    from all_group_accounts as a
    semi join sizes as z on z.group_id = a.group_id
    join prompts_of_accounts as p on p.account_id = a.account_id
    left join target_accounts as t on t.account_id = a.account_id
    group by a.group_id
),
judged as (
    select
        z.group_id,
        z.n,
        l.n_accounts,
        coalesce(i.n_reentries, 0) as n_reentries,
        coalesce(i.n_exact, 0) as n_exact,
        coalesce(i.n_answers, 0) as n_answers,
        coalesce(i.n_source_accounts, 0) as n_source_accounts,
        coalesce(i.n_target_accounts, 0) as n_target_accounts,
        coalesce(i.n_pairs, 0) as n_pairs,
        i.median_delay_us,
        coalesce(i.n_reentries, 0) / nullif(z.n, 0) as share,
        coalesce((t.n_reentries - m.n_reentries) / nullif(t.n - m.n, 0), 0) as rest_share
    from sizes as z
    join large_groups as l on l.group_id = z.group_id
    join members as m on m.group_id = z.group_id
    left join inside as i on i.group_id = z.group_id
    cross join totals as t
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, $min_lift * rest_share), 6)
    and n_answers >= $min_answers
    and n_source_accounts >= $min_accounts
    and n_target_accounts >= $min_accounts as is_fired,
    share as value,
    rest_share as baseline,
    greatest($min_share, $min_lift * rest_share)::double as threshold,
    n as n_exchanges,
    n_accounts,
    n_reentries,
    n_exact,
    n_answers,
    n_source_accounts,
    n_target_accounts,
    n_pairs,
    round(median_delay_us / 1000000, 3) as median_delay_s
from judged
order by entity_id
