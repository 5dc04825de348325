/*---
id = "harvest.signature_replay"
code = "H6"
title = "Reasoning signatures come back in other conversations than the one that received them"
status = "experimental"
level = "high"
description = "A reasoning signature (or encrypted reasoning) belongs to one turn of one conversation, and clients send it back there. The heuristic counts places in requests where a signature stands in another session or account, in a conversation that begins differently and after a different turn. Carrying signatures into new conversations is a published way of turning hidden reasoning into text."
entity = "account"
sees = "An account that sends signatures at $min_replays places or more where they do not belong, and a share of $min_share of all places where it sends signatures."
volume = "$min_replays places in the requests of one account that carry a reasoning signature"
reads = ["reasoning_places"]
needs = ["account_id", "started_at", "messages_json"]
params.min_replays = "repeats"
params.min_share = "method_share"
params.min_lift = "lift"
output.n_replays = { unit = "places", meaning = "signature, first turn and preceding turn that differ from those of the first place of the signature" }
output.n_signatures_replayed = { unit = "signatures", meaning = "different signatures among them" }
output.n_from_other_accounts = { unit = "places", meaning = "of n_replays, those whose signature was first seen on another account" }
output.n_to_other_model = { unit = "places", meaning = "of n_replays, those sent to another model than the one that made the signature" }
output.n_moved = { unit = "places", meaning = "signatures of other accounts whose conversation begins the same or goes on after the same turn: a conversation that moved, not counted" }
output.first_replay_record_id = { unit = "record id", meaning = "smallest record with a replay" }
value = { unit = "share of places", meaning = "replays / places in requests of the account that carry a signature; baseline: the same for the account that sends the middle signature of the log" }
falsepositives = ["a client that rewrites both the first turn and the tool results of a conversation and starts a new session for it", "a test suite of a client library that sends one recorded signature in many requests"]
limitations = ["a replay that keeps the first turn, or the turn before the reasoning, cannot be told from a conversation that goes on", "a signature that was received elsewhere (another log, another provider path) and stands in one place only is not seen", "on one account, a request that starts with the reasoning itself is taken for a conversation whose oldest turns were dropped", "of an answer with several signatures the log keeps one; the others are compared between requests alone", "needs the messages of requests"]
references = ["Anthropic, Detecting and countering misuse of AI, September 2026: replay of thinking signatures across sessions", "OpenAI, Disrupting a coordinated model-distillation campaign, 30 September 2026: encrypted reasoning copied from one conversation into another"]
tags = ["atlas.AML.T0024.002", "atlas.AML.T0054"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 4
---*/
with accounts as (
    select
        account_id,
        count(*) as n,
        count(*) filter (where is_replay) as n_replays,
        count(distinct signature_sha256) filter (where is_replay) as n_signatures,
        count(*) filter (where is_replay and is_of_other) as n_from_others,
        count(*) filter (where is_replay and is_of_other_model) as n_to_other_model,
        count(*) filter (where not is_replay and is_of_other) as n_moved,
        sum(n_exchanges)::bigint as n_exchanges,
        min(sample_record_id) filter (where is_replay) as first_record
    from reasoning_places
    group by account_id
),
-- The account that sends the middle signature: many accounts with a few signatures each do not set what is usual.
ranked as (
    select n_replays / nullif(n, 0) as share, sum(n) over (order by n_replays / nullif(n, 0), account_id) as running, sum(n) over () as n_all
    from accounts
),
usual as (
    select min(share) as share from ranked where running >= 0.5 * n_all
)
select
    a.account_id as entity_id,
    a.n_replays >= $min_replays and round(a.n_replays / nullif(a.n, 0), 6) >= round(greatest($min_share, $min_lift * u.share), 6) as is_fired,
    a.n_replays / nullif(a.n, 0) as value,
    u.share as baseline,
    greatest($min_share, $min_lift * u.share)::double as threshold,
    a.n_exchanges,
    1::bigint as n_accounts,
    a.n_replays,
    a.n_signatures as n_signatures_replayed,
    a.n_from_others as n_from_other_accounts,
    a.n_to_other_model,
    a.n_moved,
    a.first_record as first_replay_record_id
from accounts as a
cross join usual as u
where a.n >= $min_replays
order by entity_id
