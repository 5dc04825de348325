select
    count(*) as n_exchanges,
    count(distinct account_id) as n_accounts,
    count(distinct tenant_id) as n_tenants,
    count(distinct model) as n_models,
    sum(input_tokens)::bigint as input_tokens,
    sum(output_tokens)::bigint as output_tokens,
    min(started_at) as first_seen,
    max(started_at) as last_seen,
    count(distinct started_at::date) as n_days
from exchange_features
