-- All duplicates in order of the later record.
select record_id, duplicate_of, duplicate_class
from (
    select record_id, duplicate_of, duplicate_class, part, part_row from repeated_records
    union all
    -- The trail of a cloud has the calls that a log of the model has with their texts.
    select trail.record_id, min(calls.record_id) as duplicate_of, 'same_call' as duplicate_class, trail.part, trail.part_row
    from suspects as trail
    inner join suspects as calls on calls.id = trail.id and starts_with(calls.source_format, 'bedrock_invocation/')
    where starts_with(trail.source_format, 'aws_cloudtrail/')
    group by all
    union all
    select record_id, duplicate_of, 'exact_line', part, part_row from repeated_runs
)
order by part, part_row
