/*---
title = "What the records do not carry"
reads = ["exchanges", "duplicates", "accounts_directory"]
columns = []
facts = []
costs_from = 0.5
costs = "Tests that need it cannot be made, or see only the records that carry it."
---*/
-- Messages stand in the log only where there is more than one turn. States tell whether there was a text, with --content-free as well.
with filled as (
    select
        count(*) as n,
        count(account_id) as account, count(started_at) as "time", count(session_id) as session, count(client_ip) as address, count(user_agent) as program,
        count(coalesce(model_served, model_requested)) as model, count(*) filter (prompt_state in ('full', 'truncated') or prompt_sha256 is not null) as prompt,
        count(*) filter (response_state in ('full', 'truncated') or response_sha256 is not null) as answer,
        count(coalesce(messages_json, text_fingerprints.messages_sha256, case when n_turns <= 2 then '' end)) as messages, count(output_tokens) as tokens, count(status) as status,
        count(coalesce(max_output_tokens::varchar, temperature::varchar, top_p::varchar, tools_sha256, response_format, reasoning_effort)) as parameters
    from exchanges as e
    anti join duplicates as d on d.record_id = e.record_id
),
directory as (
    select
        count(*) as n, count(payment_fingerprint) as "payment method", count(created_at) as "sign-up", count(coalesce(email_domain, mailbox)) as "mail address",
        count(coalesce(organization, tenant_id)) as organisation
    from accounts_directory
),
parts as (
    select part, n_filled, f.n as n_checked from (unpivot (select * exclude (n) from filled) on columns(*) into name part value n_filled), filled as f
    union all
    select part, n_filled, greatest(d.n, 1) from (unpivot (select * exclude (n) from directory) on columns(*) into name part value n_filled), directory as d
),
meant(part, columns) as (
    values ('account', ['account_id']), ('time', ['started_at']), ('session', ['session_id']), ('address', ['client_ip']), ('program', ['user_agent']),
        ('model', ['model_served', 'model_requested']), ('prompt', ['prompt_text', 'prompt_sha256', 'system_text']), ('answer', ['response_text', 'response_sha256']),
        ('messages', ['messages_json']), ('tokens', ['output_tokens', 'input_tokens']), ('status', ['status']),
        ('parameters', ['max_output_tokens', 'temperature', 'top_p', 'tools_sha256', 'response_format', 'reasoning_effort']),
        ('payment method', ['accounts_directory.payment_fingerprint']),
        ('sign-up', ['accounts_directory.created_at']), ('mail address', ['accounts_directory.email_domain']),
        ('organisation', ['accounts_directory.organization'])
)
select p.part, p.n_checked - p.n_filled as n_affected, p.n_checked, null::varchar as detail, null::varchar as example, m.columns
from parts as p
join meant as m on m.part = p.part
order by p.part
