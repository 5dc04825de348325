/*---
id = "evasion.obfuscated_text"
code = "E5"
title = "Prompts of a group carry invisible characters inside of words"
status = "experimental"
level = "medium"
description = "Counts prompts and system prompts in which a zero-width character stands between two basic Latin letters. No keyboard, browser or language puts it there; published pool software does, to break the comparison of words."
entity = "group"
sees = "A group of $min_accounts accounts with $min_exchanges exchanges of which a share of $min_share carries a zero-width character inside of an ASCII word, on at least $min_marked_accounts accounts."
volume = "$min_accounts accounts and $min_exchanges exchanges in the group"
reads = ["exchange_features", "exchanges", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "prompt_text|system_text"]
params.min_accounts = "group_accounts"
params.min_exchanges = "group_exchanges"
params.min_marked_accounts = "smallest_set"
params.min_share = "method_share"
params.min_lift = "lift"
params.read_chars = { default = 20000, unit = "characters of each text", why = "bounds the cost; longer contexts are mostly pasted documents" }
output.n_marked = { unit = "exchanges", meaning = "exchanges of the group with such a character" }
output.n_marked_accounts = { unit = "accounts", meaning = "accounts of the group with at least one" }
value = { unit = "share of the group's exchanges", meaning = "exchanges with a zero-width character between two basic Latin letters" }
falsepositives = ["text pasted from word processors and web pages that mark break points; the ratio to the rest of the log holds it as far as it is common", "emoji sequences and scripts that need joiners are not counted, since only basic Latin letters on both sides count"]
limitations = ["look-alike letters of other scripts, encodings and paraphrase are not counted", "needs text"]
references = ["A published account-pool proxy offers to insert zero-width characters into sensitive words (example configuration, August 2026)"]
tags = ["atlas.AML.T0068"]
author = "distilforensics"
date = "2026-11-23"
modified = "2026-11-30"
version = 3
---*/
with large_groups as (
    select group_id from groups where n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
marked as (
    select record_id
    from exchanges
    where account_id is not null
        and started_at is not null
        and (
            text_fingerprints.hides_characters
            or regexp_matches(left(prompt_text, $read_chars), '[A-Za-z][\x{200B}\x{200C}\x{200D}\x{2060}\x{FEFF}]+[A-Za-z]')
            or regexp_matches(left(system_text, $read_chars), '[A-Za-z][\x{200B}\x{200C}\x{200D}\x{2060}\x{FEFF}]+[A-Za-z]'))
),
log_totals as (
    select count(*) as n, count(m.record_id) as n_marked
    from exchange_features as e
    left join marked as m on m.record_id = e.record_id
),
per_group as (
    select
        g.group_id,
        count(*) as n,
        count(distinct g.account_id) as n_accounts,
        count(m.record_id) as n_marked,
        count(distinct g.account_id) filter (where m.record_id is not null) as n_marked_accounts
    from group_exchanges as g
    semi join large_groups as l on l.group_id = g.group_id
    left join marked as m on m.record_id = g.record_id
    group by g.group_id
),
judged as (
    select
        p.group_id,
        p.n,
        p.n_accounts,
        p.n_marked,
        p.n_marked_accounts,
        p.n_marked / nullif(p.n, 0) as share,
        (t.n_marked - p.n_marked) / nullif(t.n - p.n, 0) as share_in_rest
    from per_group as p
    cross join log_totals as t
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, $min_lift * coalesce(share_in_rest, 0)), 6)
    and n_marked_accounts >= $min_marked_accounts as is_fired,
    round(share, 6) as value,
    round(share_in_rest, 6) as baseline,
    round(greatest($min_share, $min_lift * coalesce(share_in_rest, 0)), 6) as threshold,
    n as n_exchanges,
    n_accounts,
    n_marked,
    n_marked_accounts
from judged
order by entity_id
