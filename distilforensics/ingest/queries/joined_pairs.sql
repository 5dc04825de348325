-- Calls and their parts. A key joins where it stands on one call and one part of each kind; copies of a record, byte for byte, count as one.
-- Records that contradict each other are not joined: other counts of tokens, more than a day apart, another model than was asked for.
with placed as (
    select
        keyed.*,
        case keyed.join_within
            when 'case' then ''
            when 'file' then keyed.source_sha256
            else case when keyed.is_part then keyed.source_sha256 else paired_files.parts_file end
        end as scope
    from keyed
    left join paired_files on paired_files.join_name = keyed.join_name and paired_files.calls_file = keyed.source_sha256
),

calls as (
    select *
    from placed
    where not is_part and scope is not null
    window same_key as (partition by join_name, key, scope)
    qualify min(raw_sha256) over same_key = max(raw_sha256) over same_key
),

parts as (
    select *
    from placed
    where is_part
    window same_key as (partition by join_name, key, scope, source_format, slot)
    qualify min(raw_sha256) over same_key = max(raw_sha256) over same_key
)

select
    calls.place as call_place,
    parts.place as part_place,
    row_number() over (
        partition by calls.place
        order by parts.source_format <> calls.source_format, parts.source_format, parts.slot, parts.place
    ) as rank,
    row_number() over (partition by calls.place, parts.source_format, parts.slot, parts.key order by parts.place) > 1 as is_copy,
    parts.source_format = calls.source_format as is_alike
from calls
inner join parts on parts.join_name = calls.join_name and parts.key = calls.key and parts.scope = calls.scope
where
    coalesce(calls.input_tokens = nullif(parts.input_tokens, 0), true)
    and coalesce(calls.output_tokens = nullif(parts.output_tokens, 0), true)
    and coalesce(abs(epoch_us(calls.started_at) - epoch_us(parts.started_at)) <= 86_400_000_000, true)
    and (
        calls.join_within <> 'pair_of_files'
        or coalesce(starts_with(calls.model_served, replace(parts.model_requested, '-latest', '')), true)
    )
