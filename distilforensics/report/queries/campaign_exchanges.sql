/*---
title = "Requests of the members of each campaign; is_own marks those that carry what the campaign's requests have in common"
reads = ["exchange_features", "accounts", "campaigns"]
is_relation = true
---*/
select
    c.campaign_id, f.record_id, f.account_id, f.started_at, f.status, f.model, f.input_tokens, f.output_tokens, f.prompt_hash,
    f.response_chars, f.lexicon_marks,
    coalesce(len(c.templates), 0) = 0 or list_has_any(
        c.templates,
        [f.mark_template, f.system_template, f.prefix_template, f.suffix_template, f.near_template, f.passage_template,
            f.parameter_template, f.program_template, f.pace_template, f.varied_template, 'prompt:' || f.prompt_hash]) as is_own
from exchange_features as f
join accounts as a on a.account_id = f.account_id
join campaigns as c on c.campaign_id = a.campaign_id
