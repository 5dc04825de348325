/*---
title = "Size, window and balance of the log"
reads = ["exchange_features", "sources", "exchanges", "duplicates", "quarantine"]
---*/
with kept as (
    select
        count(*) as n_requests, count(distinct account_id) as n_accounts, count(distinct tenant_id) as n_tenants,
        date_trunc('second', min(started_at)) as first_seen, date_trunc('second', max(started_at)) as last_seen,
        count(distinct started_at::date) as n_days,
        date_diff('hour', date_trunc('hour', min(started_at)), date_trunc('hour', max(started_at))) + 1
            - count(distinct date_trunc('hour', started_at)) as n_silent_hours,
        max(time_resolution_us) as coarsest_us
    from exchange_features
),
read as (
    select
        count(*) filter (role = 'log') as n_files,
        count(*) filter (role = 'accounts_directory') as n_directories,
        count(*) filter (role = 'refused') as n_refused,
        sum(n_read) filter (role = 'log')::bigint as n_read,
        sum(n_kept) filter (role = 'log')::bigint as n_kept,
        sum(n_quarantined) filter (role = 'log')::bigint as n_quarantined,
        sum(n_duplicate) filter (role = 'log')::bigint as n_duplicate,
        sum(n_out_of_scope) filter (role = 'log')::bigint as n_out_of_scope
    from sources
),
rows as (
    select
        (select count(*) from exchanges) - (select count(*) from duplicates) as n_kept_rows,
        (select count(*) from quarantine) as n_quarantined_rows,
        (select count(*) from duplicates) as n_duplicate_rows
)
select * from kept, read, rows
