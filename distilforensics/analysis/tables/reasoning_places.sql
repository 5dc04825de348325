/*---
reads = ["reasoning_uses"]
partition = { reasoning_uses = "signature_sha256" }
order = "signature_sha256, account_id, sample_record_id, is_replay, is_of_other, n_exchanges"
---*/
-- The first place of a signature: where it was received, else where it was sent first.
with origins as (
    select
        signature_sha256,
        arg_min(
            {
                'account_id': account_id, 'session_id': session_id, 'opening_hash': opening_hash, 'preceding_hash': preceding_hash,
                'model': case when is_answer then model end
            },
            (not is_answer, first_seen, sample_record_id, preceding_hash, coalesce(session_id, ''))) as origin
    from reasoning_uses
    group by signature_sha256
)
select
    u.account_id,
    u.signature_sha256,
    u.n_exchanges,
    u.sample_record_id,
    u.account_id <> o.origin.account_id as is_of_other,
    coalesce(u.model <> o.origin.model, false) as is_of_other_model,
    (u.account_id <> o.origin.account_id or u.session_id is distinct from o.origin.session_id or u.session_id is null)
    and coalesce(u.opening_hash <> o.origin.opening_hash, false)
    and u.preceding_hash <> o.origin.preceding_hash
    and 'without text' not in (u.preceding_hash, o.origin.preceding_hash)
    and ('nothing' not in (u.preceding_hash, o.origin.preceding_hash) or u.account_id <> o.origin.account_id) as is_replay
from reasoning_uses as u
join origins as o on o.signature_sha256 = u.signature_sha256
where not u.is_answer
order by u.signature_sha256, u.account_id, u.sample_record_id, is_replay, is_of_other, u.n_exchanges
