-- All duplicates in order of the later record.
-- The trail of a cloud has the calls that a log of the model has with their texts: those of one id, of one tenant and of about one time.
with same_calls as (
    select trail.record_id, min_by(calls.record_id, (calls.part, calls.part_row)) as duplicate_of, trail.part, trail.part_row
    from suspects as trail
    inner join suspects as calls
        on calls.id = trail.id
        and calls.is_of_bedrock
        and calls.tenant_id = trail.tenant_id
        and abs(epoch(calls.started_at) - epoch(trail.started_at)) <= 3600
    where trail.is_trail and trail.id not in (select id from reused_ids)
    group by all
)

select record_id, duplicate_of, duplicate_class
from (
    select record_id, duplicate_of, duplicate_class, part, part_row from repeated_records
    where record_id not in (select record_id from same_calls)
    union all
    select record_id, duplicate_of, 'same_call' as duplicate_class, part, part_row from same_calls
    union all
    select record_id, duplicate_of, 'exact_line', part, part_row from repeated_runs
)
order by part, part_row
