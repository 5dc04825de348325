/*---
id = "structure.template_entropy"
code = "S4"
title = "Accounts that belong together ask within few frames"
status = "experimental"
level = "low"
description = "One random exchange each of two random accounts: how often do both carry the same frame? The negative logarithm is the entropy of order two between accounts, in bits. It is taken over clusters of linked accounts and over groups with the same call parameters, whose members need not share any text. It is compared with two random accounts of the log. Only frames in the user's own turn count: that classes, teams and the users of a product have one system prompt says nothing."
entity = "group"
sees = "$min_accounts accounts with $min_exchanges exchanges of which two random ones, on different accounts, begin or end their prompts alike with a probability of at least $min_agreement, and $min_lift times that of two random accounts of the log."
volume = "a cluster or a group with the same call parameters, of at least $min_accounts accounts with $min_account_exchanges exchanges each and $min_exchanges in all"
reads = ["exchange_features", "group_exchanges", "groups", "templates"]
needs = ["account_id", "started_at", "prompt_text"]
params.min_accounts = "group_accounts"
params.min_exchanges = "distribution_exchanges"
params.min_account_exchanges = { default = 5, unit = "exchanges", why = "the share of a frame in fewer exchanges of an account is mostly noise" }
params.min_agreement = { default = 0.25, unit = "probability", why = "as if at most four frames were in equal use" }
params.min_lift = { default = 3, unit = "ratio to two random accounts of the log", why = "a product that most of the log uses makes everybody agree" }
params.n_reference_accounts = { default = 2000, unit = "accounts", why = "a sample by the hash of the id bounds the cost" }
output.entropy_bits = { unit = "bits", meaning = "-log2 of value, the entropy of order two between accounts; NULL if no frame is shared" }
output.log_entropy_bits = { unit = "bits", meaning = "likewise for two random accounts of the log" }
output.frame_kind = { unit = "kind", meaning = "prefix or suffix: where the agreement is largest" }
output.leading_frame = { unit = "template id", meaning = "frame with the largest mean share over the group's accounts" }
output.leading_share = { unit = "share", meaning = "mean share of the leading frame over the group's accounts" }
output.top_3_share = { unit = "share", meaning = "mean share of the three leading frames" }
value = { unit = "probability", meaning = "that one random exchange each of two random accounts of the group carries the same frame; baseline: the same for two random accounts of the log" }
falsepositives = ["applications that put their instructions into the user's turn, seen through the call parameters that they set for all customers", "teams and classes with such an application"]
limitations = ["a frame in the system prompt is not counted, since products have theirs there; frames are exact after normalisation, paraphrased ones are many", "a pool that mixes in other traffic agrees less: a share of one half of chaff divides the value by four", "templates are not judged, since their exchanges agree by definition"]
references = ["Anthropic, Detecting and preventing distillation attacks, 23 February 2026: massive volume concentrated in a few areas", "A. Renyi, On measures of entropy and information, Fourth Berkeley Symposium (1961)"]
tags = ["atlas.AML.T0024.002", "owasp.LLM10"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-25"
version = 1
---*/
with large_groups as (
    select group_id from groups where kind in ('cluster', 'parameters') and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
sampled as (
    select account_id
    from exchange_features
    group by account_id
    having count(*) >= $min_account_exchanges
    order by md5(account_id), account_id
    limit $n_reference_accounts
),
-- The sample of the log is one more group, under the empty name.
carried as (
    select e.group_id, e.account_id, e.prefix_template, e.suffix_template
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    union all
    select '', e.account_id, e.prefix_template, e.suffix_template
    from exchange_features as e
    semi join sampled as s on s.account_id = e.account_id
),
account_totals as (
    select group_id, account_id, count(*) as n from carried group by group_id, account_id having count(*) >= $min_account_exchanges
),
group_totals as (
    select group_id, count(*) as n_accounts, sum(n)::bigint as n_exchanges
    from account_totals
    group by group_id
    having count(*) >= $min_accounts and sum(n) >= $min_exchanges
),
uses as (
    select group_id, account_id, 'prefix' as kind, prefix_template as template_id, count(*) as n
    from carried where prefix_template is not null group by group_id, account_id, prefix_template
    union all
    select group_id, account_id, 'suffix', suffix_template, count(*)
    from carried where suffix_template is not null group by group_id, account_id, suffix_template
),
-- Shares in millionths: whole numbers add up to the same sum in any order.
shares as (
    select u.group_id, u.kind, u.template_id, u.n * 1000000 // nullif(t.n, 0) as share
    from uses as u
    semi join templates as p on p.template_id = u.template_id
    join account_totals as t on t.group_id = u.group_id and t.account_id = u.account_id
),
frames as (
    select group_id, kind, template_id, sum(share)::bigint as total, sum(share::hugeint * share) as squares
    from shares
    group by group_id, kind, template_id
),
kinds as (
    select
        f.group_id,
        f.kind,
        sum(f.total::hugeint * f.total - f.squares) / nullif(min(g.n_accounts) * (min(g.n_accounts) - 1), 0) / 1e12 as agreement,
        arg_max(f.template_id, (f.total, f.template_id)) as leading_frame,
        max(f.total) / nullif(min(g.n_accounts) * 1000000, 0) as leading_share
    from frames as f
    join group_totals as g on g.group_id = f.group_id
    group by f.group_id, f.kind
),
leaders as (
    select group_id, kind, sum(total)::bigint as total
    from (
        select group_id, kind, total
        from frames
        qualify row_number() over (partition by group_id, kind order by total desc, template_id) <= 3
    ) as three
    group by group_id, kind
),
judged as (
    select k.*, coalesce(l.agreement, 0) as log_agreement
    from kinds as k
    left join kinds as l on l.group_id = '' and l.kind = k.kind
    where k.group_id <> ''
    qualify row_number() over (partition by k.group_id order by k.agreement desc, k.kind) = 1
)
select
    g.group_id as entity_id,
    coalesce(round(j.agreement, 6) >= round(greatest($min_agreement, $min_lift * j.log_agreement), 6), false) as is_fired,
    coalesce(round(j.agreement, 6), 0)::double as value,
    coalesce(round(j.log_agreement, 6), 0)::double as baseline,
    round(greatest($min_agreement, $min_lift * coalesce(j.log_agreement, 0)), 6)::double as threshold,
    g.n_exchanges,
    g.n_accounts,
    -log2(nullif(j.agreement, 0)) as entropy_bits,
    -log2(nullif(j.log_agreement, 0)) as log_entropy_bits,
    j.kind as frame_kind,
    j.leading_frame,
    round(j.leading_share, 6) as leading_share,
    round(l.total / nullif(g.n_accounts * 1000000, 0), 6) as top_3_share
from group_totals as g
left join judged as j on j.group_id = g.group_id
left join leaders as l on l.group_id = j.group_id and l.kind = j.kind
where g.group_id <> ''
order by entity_id
