-- Records cited as exhibits
create or replace temp view exchanges as from read_parquet(['data/exchanges/part-000000.parquet']);
create or replace temp view sources as from read_parquet(['data/sources.parquet']);
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
where 'C-01' is not null and e.record_id in (select unnest(['2e923d582fdd7539:4', '5e0c1ac03f964b6c:5', '72382d4d3ec842c7:1', '72382d4d3ec842c7:22', '9a1203f64ca4b49a:4486', '9a1203f64ca4b49a:4809', 'aebb3cd9a652e81e:16', 'aebb3cd9a652e81e:42', 'b79e00cd659e7cf9:1528', 'b79e00cd659e7cf9:2177', 'b79e00cd659e7cf9:2794', 'b79e00cd659e7cf9:2825', 'b79e00cd659e7cf9:305', 'b79e00cd659e7cf9:3122', 'b79e00cd659e7cf9:3351', 'b79e00cd659e7cf9:3352', 'b79e00cd659e7cf9:4590', 'b79e00cd659e7cf9:4888', 'b79e00cd659e7cf9:4925', 'b79e00cd659e7cf9:4965', 'b79e00cd659e7cf9:4966', 'b79e00cd659e7cf9:836', 'b79e00cd659e7cf9:904', 'c0bf860fcd9f6413:2']::varchar[]))
order by e.record_id;
