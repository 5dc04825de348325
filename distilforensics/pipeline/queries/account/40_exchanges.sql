-- first exchanges
SELECT record_id, started_at, model_served, input_tokens, output_tokens, status, client_ip, left(prompt_text, 60) AS prompt
FROM exchanges
WHERE account_id = $id
ORDER BY started_at, record_id
LIMIT 10
