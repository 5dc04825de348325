/*---
title = "Usage exports beside the log, per key, model and period; what is not equal first"
reads = ["reconciliation"]
---*/
select
    verdict, series, period_start, period_end, coalesce(key, '') as key, coalesce(model, '') as model, coverage, stated_requests, log_requests, log_failed,
    n_missing, n_more, stated_input_tokens, log_input_tokens, stated_output_tokens, log_output_tokens, stated_cost_usd, log_cost_usd
from reconciliation
order by verdict in ('equal', 'cannot tell', 'outside of the log'), coverage = 'outside', series, period_start, key, model
