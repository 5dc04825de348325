-- Reasoning signatures come back in other conversations than the one that received them
create or replace temp view reasoning_places as from read_parquet(['data/reasoning_places.parquet']);
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
    a.n_replays >= 2 and round(a.n_replays / nullif(a.n, 0), 6) >= round(greatest(0.05, 5 * u.share), 6) as is_fired,
    a.n_replays / nullif(a.n, 0) as value,
    u.share as baseline,
    greatest(0.05, 5 * u.share)::double as threshold,
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
where a.n >= 2
order by entity_id;
