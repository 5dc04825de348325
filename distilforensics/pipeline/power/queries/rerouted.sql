/*---
title = "Exchanges of ordinary customers as a planted account would have sent them"
reads = ["exchanges", "duplicates", "taken"]
---*/
select e.* replace (
    left(t.source_sha256, 16) || ':' || (2 * row_number() over (order by e.record_id))::varchar as record_id,
    t.source_sha256 as source_sha256,
    2 * row_number() over (order by e.record_id) as source_line,
    null::bigint as source_offset,
    null::bigint as source_length,
    0 as sub_index,
    sha256(e.record_id) as raw_sha256,
    t.planted_id as account_id,
    case when e.tenant_id is not null then t.tenant_id end as tenant_id,
    case when e.project_id is not null then t.tenant_id end as project_id,
    case when e.api_key_id = e.account_id then t.planted_id when e.api_key_id is not null then t.api_key_id end as api_key_id,
    null::varchar as end_user_id,
    case when e.session_id is not null then left(sha256(e.session_id || t.planted_id), 16) end as session_id,
    case when e.client_ip is not null and not coalesce(e.is_ip_masked, false)
        then t.exits[1 + ((epoch(e.started_at)::bigint // 21600 + t.place) % len(t.exits))::integer] else e.client_ip end as client_ip,
    case when e.user_agent is not null then coalesce(t.user_agent, e.user_agent) end as user_agent,
    case when e.ja4 is not null then coalesce(t.ja4, e.ja4) end as ja4
), e.record_id as original_id
from exchanges as e
anti join duplicates using (record_id)
inner join taken as t on t.account_id = e.account_id and t.day = e.started_at::date
order by e.record_id
