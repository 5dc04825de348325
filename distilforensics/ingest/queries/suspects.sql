-- Records whose id occurs more than once, with a digest of everything that they say. The comment in braces stands for the columns.
select
    record_id,
    coalesce(request_id, response_id) as id,
    raw_sha256,
    starts_with(source_format, 'aws_cloudtrail/') as is_trail,
    starts_with(source_format, 'bedrock_invocation/') as is_of_bedrock,
    tenant_id,
    started_at,
    sha256(to_json({/*{content}*/})::varchar) as content,
    part,
    part_row
from placed
where coalesce(request_id, response_id) in (select id from repeated_ids)
