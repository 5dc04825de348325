/*---
title = "Records cited as exhibits"
reads = ["exchanges", "sources"]
---*/
with paths as (select source_sha256, min(path) as path, min(compression) as compression from sources where role = 'log' group by source_sha256)
select
    e.record_id, paths.path, paths.compression, e.source_sha256, e.source_line, e.source_offset, e.source_length, e.raw_sha256, e.source_format,
    e.started_at, e.account_id, e.tenant_id, coalesce(e.model_served, e.model_requested) as model, e.status, e.finish_reason,
    e.input_tokens, e.output_tokens, e.prompt_state, e.response_state,
    left(e.system_text, 4000) as system_text, length(e.system_text) as system_length,
    left(e.prompt_text, 4000) as prompt_text, length(e.prompt_text) as prompt_length,
    left(e.response_text, 4000) as response_text, length(e.response_text) as response_length
from exchanges as e
left join paths on paths.source_sha256 = e.source_sha256
where $campaign_id is not null and e.record_id in (select unnest($record_ids::varchar[]))
order by e.record_id
