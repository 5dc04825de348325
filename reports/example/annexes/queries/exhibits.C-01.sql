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
where 'C-01' is not null and e.record_id in (select unnest(['295ca859a72fe755:16', '295ca859a72fe755:42', '2e923d582fdd7539:4', '50c4026da825a0d3:1528', '50c4026da825a0d3:211', '50c4026da825a0d3:2177', '50c4026da825a0d3:2697', '50c4026da825a0d3:2794', '50c4026da825a0d3:2825', '50c4026da825a0d3:305', '50c4026da825a0d3:3122', '50c4026da825a0d3:3142', '50c4026da825a0d3:3351', '50c4026da825a0d3:3352', '50c4026da825a0d3:3996', '50c4026da825a0d3:4965', '50c4026da825a0d3:4966', '5e0c1ac03f964b6c:5', '6850c6f873a2141a:11', '95dcc2e4f6eb5b4d:4486', '95dcc2e4f6eb5b4d:4809', 'a3264491a6589d2f:1', 'a3264491a6589d2f:22', 'c0bf860fcd9f6413:2']::varchar[]))
order by e.record_id;
