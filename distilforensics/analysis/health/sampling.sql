/*---
title = "Conversations of which turns are missing"
reads = ["populations"]
columns = []
concerns = "complete"
facts = ["handover", "conversation", "answer"]
costs_from = 0.2
costs = "The log seems to be a sample: order and repetition of calls are lost, and hand-overs with them."
---*/
select
    'turn' as part,
    case when bool_or(measure = 'whole_conversations' and n_accounts >= 10) then 0
        else round(100 * (1 - coalesce(max(median) filter (measure in ('conversation_steps', 'conversation_predecessors') and n_accounts >= 10), 1))) end::bigint as n_affected,
    case when bool_or(n_accounts >= 10 and measure in ('whole_conversations', 'conversation_steps', 'conversation_predecessors')) then 100 else 0 end::bigint as n_checked,
    'of a hundred turns, in the median account' as detail, null::varchar as example, null::varchar[] as columns
from populations
