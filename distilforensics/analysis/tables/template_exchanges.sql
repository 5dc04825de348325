/*---
reads = ["template_uses", "templates"]
partition = { template_uses = "record_id" }
order = "template_id, started_at, record_id"
parts = "kind"
---*/
-- Templates in order of their ids: ids begin with the kind, and numbers sort faster than text.
with numbered as (
    select template_id, row_number() over (order by template_id) as template_no from templates where list_contains($kinds, kind)
)
select uses.template_id, uses.record_id, uses.account_id, uses.started_at, uses.prompt_hash
from template_uses as uses
join numbered on numbered.template_id = uses.template_id
where list_contains($kinds, uses.kind)
order by numbered.template_no, uses.started_at, uses.record_id
