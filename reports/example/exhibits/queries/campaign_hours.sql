select
    c.campaign_id,
    f.account_id,
    date_trunc('hour', f.started_at) as hour,
    count(*) as n_exchanges,
    count(*) filter (is_own) as n_own,
    coalesce(sum(f.output_tokens) filter (is_own), 0)::bigint as output_tokens_own,
    coalesce(sum(f.input_tokens) filter (is_own), 0)::bigint as input_tokens_own
from (
    select
        f.account_id, f.started_at, f.input_tokens, f.output_tokens, a.campaign_id,
        coalesce(len(c.templates), 0) = 0 or list_has_any(
            c.templates,
            [f.mark_template, f.system_template, f.prefix_template, f.suffix_template, f.near_template, f.passage_template,
                f.parameter_template, f.program_template, f.pace_template, f.varied_template,
                'prompt:' || f.prompt_hash]) as is_own
    from exchange_features as f
    join accounts as a using (account_id)
    join campaigns as c on c.campaign_id = a.campaign_id
) as f
join campaigns as c using (campaign_id)
group by c.campaign_id, f.account_id, hour
