/*---
title = "Exchanges whose pattern of columns a planted campaign takes over: single questions of ordinary accounts that were answered"
reads = ["exchanges", "duplicates", "ordinary"]
---*/
with chosen as (
    select e.record_id
    from exchanges as e
    anti join duplicates using (record_id)
    semi join ordinary as o on o.account_id = e.account_id and o.source_format = e.source_format
    where e.started_at is not null and coalesce(e.status, 'ok') = $status
    qualify row_number() over (
        partition by e.source_format
        order by coalesce(e.n_turns, 1) > 1, coalesce(e.n_tools, 0) > 0, e.system_text is not null or e.system_sha256 is not null,
            e.end_user_id is not null, md5(e.record_id || $seed), e.record_id
    ) <= $n_rows
)
select e.*
from exchanges as e
semi join chosen using (record_id)
order by e.source_format, md5(e.record_id || $seed), e.record_id
