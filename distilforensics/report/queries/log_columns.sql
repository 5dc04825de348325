/*---
title = "How many records carry each column"
reads = ["exchanges"]
---*/
with counted as (
    select
        count(account_id) as account, count(started_at) as "time", count(tenant_id) as tenant, count(end_user_id) as "end user",
        count(session_id) as session, count(client_ip) as "address", count(user_agent) as program, count(ja4) as "TLS fingerprint",
        count(coalesce(model_served, model_requested)) as model, count(temperature) as temperature, count(tools_sha256) as tools,
        count(output_tokens) as tokens, count(status) as status, count(finish_reason) as "finish reason", count(latency_ms) as duration,
        count(prompt_text) as prompt, count(response_text) as answer, count(prompt_sha256) as "prompt hash",
        count(reasoning_signature_sha256) as "reasoning signature"
    from exchanges
)
select name, n_filled, (select count(*) from exchanges) as n_records
from (unpivot counted on columns(*) into name name value n_filled)
order by n_filled desc, name
