-- Rows of an accounts directory. The comments in braces stand for its fields.
with extracted as not materialized (
    select row_index, json_extract_string(line, /*{paths}*/) as v
    from lines
),

fields as not materialized (
    select
        row_index,
        nullif(trim(/*{account_id}*/), '') as account_written,
        nullif(trim(/*{created_at}*/), '') as created_at_raw,
        nullif(trim(/*{payment_fingerprint}*/), '') as payment_fingerprint,
        lower(trim(coalesce(/*{email_domain}*/, /*{email}*/))) as address,
        coalesce(/*{email}*/, /*{email_domain}*/) as email,
        nullif(/*{plan}*/, '') as plan,
        nullif(/*{tenant_id}*/, '') as tenant_id,
        nullif(/*{organization}*/, '') as organization
    from extracted
),

zoned as not materialized (
    select *, iso_zone(created_at_raw) as zone, case when is_secret(account_written) then keyed_hash(account_written) else account_written end
        as account_id
    from fields
),

time_parts as not materialized (
    select
        *,
        odd_iso(odd_time(created_at_raw, zone)) as parts,
        try_cast(odd_time(created_at_raw, zone) as decimal(38, 9)) as epoch
    from zoned
),

instants as not materialized (
    select *, instant_of(created_at_raw, zone, parts, epoch, /*{zone}*/)
        as created
    from time_parts
)

select
    row_index,
    account_id,
    case when created >= timestamp '1990-01-01' and created < timestamp '2100-01-01' then created end as created_at,
    payment_fingerprint,
    nullif(split_part(address, '@', -1), '') as email_domain,
    case when contains(email, '@') then email end as email,
    plan,
    tenant_id,
    organization,
    created_at_raw
from instants
order by row_index
