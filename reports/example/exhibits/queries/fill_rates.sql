with counted as (
    select
        count(account_id) as account_id, count(started_at) as started_at, count(ended_at) as ended_at,
        count(tenant_id) as tenant_id, count(project_id) as project_id, count(end_user_id) as end_user_id,
        count(api_key_id) as api_key_id, count(session_id) as session_id, count(request_id) as request_id,
        count(response_id) as response_id, count(client_ip) as client_ip, count(client_country) as client_country,
        count(client_asn) as client_asn, count(ja4) as ja4, count(user_agent) as user_agent,
        count(operation) as operation, count(model_requested) as model_requested, count(model_served) as model_served,
        count(is_stream) as is_stream, count(max_output_tokens) as max_output_tokens, count(temperature) as temperature,
        count(top_p) as top_p, count(n_tools) as n_tools, count(tools_sha256) as tools_sha256,
        count(input_tokens) as input_tokens, count(output_tokens) as output_tokens,
        count(reasoning_tokens) as reasoning_tokens, count(latency_ms) as latency_ms, count(status) as status,
        count(http_status) as http_status, count(finish_reason) as finish_reason,
        count(*) filter (prompt_state in ('full', 'truncated')) as prompt_text,
        count(*) filter (response_state in ('full', 'truncated')) as response_text,
        count(prompt_sha256) as prompt_sha256, count(reasoning_signature_sha256) as reasoning_signature_sha256
    from exchanges
)
select name, n_filled, (select count(*) from exchanges) as n_records
from (unpivot counted on columns(*) into name name value n_filled)
order by n_filled desc, name
