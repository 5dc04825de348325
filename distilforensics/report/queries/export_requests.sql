/*---
title = "Requests of the members of every campaign in the order of time, with the place of each in the files"
reads = ["campaign_exchanges", "exchanges", "sources"]
---*/
select
    c.campaign_id, c.account_id, c.record_id, c.started_at, c.is_own, c.status, c.model, c.input_tokens, c.output_tokens,
    e.request_id, e.client_ip, e.user_agent, s.path, e.source_line, e.source_sha256, e.raw_sha256
from campaign_exchanges as c
join exchanges as e on e.record_id = c.record_id
left join (select source_sha256, min(path) as path from sources group by source_sha256) as s on s.source_sha256 = e.source_sha256
order by c.started_at, c.record_id
