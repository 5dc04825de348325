/*---
title = "What the tests look at in every exchange: the beginning of prompt and answer, and the call without content as words"
reads = ["exchanges", "exchange_features", "read_records"]
params = ["prompt_chars", "answer_chars"]
---*/
with texts as (
    select
        r.account_no,
        r.place,
        r.record_id,
        left(e.prompt_text, 2 * $prompt_chars) as prompt_text,
        left(e.response_text, 2 * $answer_chars) as response_text
    from exchanges as e
    join read_records as r on r.record_id = e.record_id
)
select
    t.account_no,
    t.place,
    nullif(left(comparable(t.prompt_text), $prompt_chars), '') as prompt,
    nullif(left(comparable(t.response_text), $answer_chars), '') as answer,
    list_filter(
        [
            'model ' || f.model,
            'operation ' || f.operation,
            'status ' || f.status,
            'finish reason ' || f.finish_reason,
            'stream ' || f.is_stream,
            'temperature ' || f.temperature,
            'output limit ' || f.max_output_tokens,
            'answers asked for ' || f.n_choices,
            'tools ' || f.n_tools,
            'turns ' || magnitude(f.n_turns),
            'input tokens ' || magnitude(f.input_tokens),
            'output tokens ' || magnitude(f.output_tokens),
            'hour ' || hour(f.started_at),
            case when isodow(f.started_at) > 5 then 'weekend' else 'weekday' end
        ],
        lambda word: word is not null) as call,
    list_filter([f.system_template, f.prefix_template, f.suffix_template, f.parameter_template], lambda template: template is not null) as templates
from texts as t
join exchange_features as f on f.record_id = t.record_id
