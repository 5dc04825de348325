/*---
reads = ["template_uses", "templates"]
---*/
select uses.template_id, uses.record_id, uses.account_id, uses.started_at, uses.prompt_hash
from template_uses as uses
semi join templates on templates.template_id = uses.template_id
order by uses.template_id, uses.started_at, uses.record_id
