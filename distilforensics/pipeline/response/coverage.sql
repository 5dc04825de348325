-- What these logs could have held: their time, and how many calls carry an id.
select
    count(*) as n_exchanges,
    count(*) filter (where request_id is not null or response_id is not null) as n_with_id,
    min(started_at) as first_seen,
    max(started_at) as last_seen
from exchanges
