-- log
SELECT count(*) AS n_exchanges, count(DISTINCT account_id) AS n_accounts, min(started_at) AS first_seen, max(started_at) AS last_seen
FROM exchanges
