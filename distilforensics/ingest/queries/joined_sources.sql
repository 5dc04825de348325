-- What became of the records of each source that met others, or might have.
with outcome as (
    select
        half.source_sha256,
        half.source_line,
        half.is_part,
        half.is_flagged,
        half.place in (select part_place from pairs) as is_joined_part,
        half.place in (select call_place from pairs) as is_joined_call,
        half.place in (select place from joined) as is_exchange,
        half.join_alone
    from half
)

select
    source_sha256,
    count(*) filter (where is_joined_call or is_joined_part) as n_joined,
    count(*) filter (where not is_joined_call and not is_joined_part) as n_alone,
    count(*) filter (where is_joined_part) as n_joined_parts,
    min(source_line) filter (where is_joined_part) as first_joined_part,
    count(*) filter (where not is_exchange and not is_joined_part) as n_left_out,
    min(source_line) filter (where not is_exchange and not is_joined_part) as first_left_out,
    any_value(join_alone) as reason,
    (count(*) filter (where is_joined_call and not is_flagged))::bigint
        - (count(*) filter (where is_flagged and not is_exchange))::bigint as n_more_flagged
from outcome
group by source_sha256
order by source_sha256
