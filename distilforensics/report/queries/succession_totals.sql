/*---
title = "How often the next request of a campaign came from another of its accounts within 15 seconds: after failures and after answers"
reads = ["successions"]
---*/
select
    count(*) filter (status in ('limited', 'error', 'blocked')) as n_failed,
    count(*) filter (status in ('limited', 'error', 'blocked') and is_moved) as n_moved,
    count(*) filter (status = 'ok') as n_answered,
    count(*) filter (status = 'ok' and is_moved) as n_answered_moved,
    floor(100 * count(*) filter (status in ('limited', 'error', 'blocked') and is_moved)
        / nullif(count(*) filter (status in ('limited', 'error', 'blocked')), 0)) as moved_percent,
    ceil(100 * count(*) filter (status = 'ok' and is_moved) / nullif(count(*) filter (status = 'ok'), 0)) as answered_moved_percent
from successions
where campaign_id = $campaign_id
