/*---
title = "Whether the log carries prompts and answers"
reads = ["exchanges"]
---*/
select
    count(*) as n_records, count(prompt_text) as n_prompts, count(response_text) as n_answers,
    count(prompt_sha256) as n_hashes, count(output_tokens) as n_tokens
from exchanges
