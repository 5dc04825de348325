/*---
id = "evasion.metadata_strip"
code = "I8"
title = "The accounts of a group lack metadata that nearly everybody else sends"
status = "experimental"
level = "low"
description = "Asks for five optional fields whether the accounts of a group leave them out although nearly all other accounts of the same log format carry them. Pool programs rebuild requests from a short list of allowed fields, so that several go missing at once."
entity = "group"
sees = "$min_tenants tenants of which a share of $min_share lacks the same $min_fields fields that $min_carried of the accounts outside of the group carry in the same format."
volume = "$min_tenants tenants (accounts without a tenant count one each) with $min_exchanges exchanges in one format, $min_reference_accounts accounts outside of the group in that format, and $min_fields fields that $min_carried of them carry"
reads = ["all_group_accounts", "customers", "exchange_features", "group_exchanges", "groups"]
needs = ["account_id", "started_at", "user_agent|end_user_id|session_id|client_country|project_id"]
params.min_tenants = { default = 20, unit = "tenants", why = "a company's own gateway strips the fields of all its accounts" }
params.min_exchanges = { default = 5, unit = "exchanges per account and format", why = "one or two calls may come from another client" }
params.min_reference_accounts = { default = 30, unit = "accounts per format", why = "nearly everybody needs a number" }
params.max_carried_share = { default = 0.1, unit = "share of an account's exchanges", why = "an account lacks a field if hardly any of its exchanges (in a group: of those that belong to the group) carries it" }
params.min_carried = { default = 0.9, unit = "share of the accounts outside", why = "what one in five leaves out is a habit, not a sign" }
params.min_fields = { default = 2, unit = "fields", why = "one field depends on the client; several at once indicate that something rewrites requests" }
params.min_share = { default = 0.5, unit = "share of the group's accounts", why = "half of a group is the group's" }
output.fields = { unit = "fields", meaning = "fields that most accounts of the group lack and nearly all others carry, sorted; of the format with most such accounts" }
output.source_format = { unit = "format", meaning = "the format that was compared" }
output.n_stripped_accounts = { unit = "accounts", meaning = "accounts that lack at least min_fields of the fields that the others carry" }
value = { unit = "share of the group's accounts", meaning = "accounts that lack at least min_fields fields; baseline: lowest share outside that lacks one of these fields" }
falsepositives = ["a product whose server calls with fewer fields than people's own clients", "customers of a privacy gateway"]
limitations = ["fields that are forged instead of dropped look ordinary", "a format that carries few optional fields cannot show it", "parameters of the call are no metadata here, since groups are made by them", "if the pool is the larger part of a format, its habit is the usual one"]
references = ["NSA, CISA, FBI, joint advisory AA26-251A, 8 September 2026: automated sanitisation of request metadata"]
tags = ["atlas.AML.T0008.005", "attack.T1090.002"]
author = "distilforensics"
date = "2026-11-25"
modified = "2026-11-30"
version = 2
---*/
with carried as (
    select
        account_id,
        source_format,
        count(*) as n,
        count(user_agent) as n_user_agent,
        count(end_user_id) as n_end_user,
        count(session_id) as n_session,
        count(client_country) as n_country,
        count(project_id) as n_project
    from exchange_features
    where source_format is not null and coalesce(operation, 'chat') in ('chat', 'completion', 'responses')
    group by account_id, source_format
    having count(*) >= $min_exchanges
),
-- One row per account, format and field: is it lacking?
fields as (
    select
        account_id,
        source_format,
        unnest(['user_agent', 'end_user_id', 'session_id', 'client_country', 'project_id']) as field,
        unnest([n_user_agent, n_end_user, n_session, n_country, n_project]) <= $max_carried_share * n as is_lacking
    from carried
),
in_log as (
    select source_format, field, count(*) as n, count(*) filter (where is_lacking) as n_lacking
    from fields
    group by source_format, field
),
-- Inside of the group its own exchanges are looked at, so that other traffic of the same accounts does not fill the gaps.
carried_in_group as (
    select
        e.group_id,
        e.account_id,
        e.source_format,
        min(c.named_customer) as tenant,
        count(*) as n,
        count(e.user_agent) as n_user_agent,
        count(e.end_user_id) as n_end_user,
        count(e.session_id) as n_session,
        count(e.client_country) as n_country,
        count(e.project_id) as n_project
    from group_exchanges as e
    semi join groups as g on g.group_id = e.group_id and g.n_accounts >= $min_tenants
    join customers as c on c.account_id = e.account_id
    where e.source_format is not null and coalesce(e.operation, 'chat') in ('chat', 'completion', 'responses')
    group by e.group_id, e.account_id, e.source_format
    having count(*) >= $min_exchanges
),
tenants as (
    select group_id, source_format
    from carried_in_group
    group by group_id, source_format
    having count(distinct tenant) >= $min_tenants
),
fields_in_group as (
    select
        group_id,
        account_id,
        source_format,
        n,
        unnest(['user_agent', 'end_user_id', 'session_id', 'client_country', 'project_id']) as field,
        unnest([n_user_agent, n_end_user, n_session, n_country, n_project]) <= $max_carried_share * n as is_lacking
    from carried_in_group
    semi join tenants using (group_id, source_format)
),
in_whole_group as (
    select g.group_id, f.source_format, f.field, count(*) as n, count(*) filter (where f.is_lacking) as n_lacking
    from all_group_accounts as g
    join fields as f on f.account_id = g.account_id
    semi join tenants as t on t.group_id = g.group_id and t.source_format = f.source_format
    group by g.group_id, f.source_format, f.field
),
usual_fields as (
    select
        g.group_id,
        g.source_format,
        g.field,
        (l.n_lacking - g.n_lacking) / nullif(l.n - g.n, 0) as share_lacking
    from in_whole_group as g
    join in_log as l on l.source_format = g.source_format and l.field = g.field
    where l.n - g.n >= $min_reference_accounts
        and (l.n - g.n) - (l.n_lacking - g.n_lacking) >= $min_carried * (l.n - g.n)
),
asked as (
    select group_id, source_format
    from usual_fields
    group by group_id, source_format
    having count(*) >= $min_fields
),
lacking as (
    select f.group_id, f.source_format, f.account_id, f.n, f.field, f.is_lacking, u.share_lacking
    from fields_in_group as f
    join usual_fields as u on u.group_id = f.group_id and u.source_format = f.source_format and u.field = f.field
    semi join asked as a on a.group_id = f.group_id and a.source_format = f.source_format
),
per_account as (
    select group_id, source_format, account_id, min(n) as n, count(*) filter (where is_lacking) >= $min_fields as is_stripped
    from lacking
    group by group_id, source_format, account_id
),
per_format as (
    select
        group_id,
        source_format,
        count(*) as n_accounts,
        sum(n)::bigint as n_exchanges,
        count(*) filter (where is_stripped) as n_stripped
    from per_account
    group by group_id, source_format
    qualify row_number() over (partition by group_id order by count(*) filter (where is_stripped) desc, count(*) desc, source_format) = 1
),
missing_fields as (
    select group_id, source_format, list(field order by field) as fields, min(share_lacking) as share_lacking
    from (
        select group_id, source_format, field, min(share_lacking) as share_lacking
        from lacking
        group by group_id, source_format, field
        having count(*) filter (where is_lacking) * 2 > count(*)
    )
    group by group_id, source_format
)
select
    p.group_id as entity_id,
    round(p.n_stripped / nullif(p.n_accounts, 0), 6) >= $min_share as is_fired,
    round(p.n_stripped / nullif(p.n_accounts, 0), 6) as value,
    round(coalesce(m.share_lacking, 0), 6) as baseline,
    $min_share::double as threshold,
    p.n_exchanges,
    p.n_accounts,
    coalesce(m.fields, []) as fields,
    p.source_format,
    p.n_stripped as n_stripped_accounts
from per_format as p
left join missing_fields as m on m.group_id = p.group_id and m.source_format = p.source_format
order by entity_id
