/*---
description = "Calls of one account that go on at another: refused calls that another account sends, conversations that another account continues, answers that come back as another account's input"
reads = ["exchange_features", "exchanges", "fingerprints", "account_profiles", "account_attributes", "retried_works", "sessions"]
driver = "calls are followed by prompt, by answer, by session and by passage, each over the whole log"
params.handover_us = "handover_us"
params.max_prompt_accounts = "household_accounts"
params.max_answer_accounts = { default = 2, unit = "accounts", why = "a task that is dealt out twice gives two accounts one answer; answers that more are given are a product's" }
params.min_resent = "most"
params.min_answer_chars = "answer_chars"
params.sample_every = "passages_sampled"
params.min_common = "common_passages"
params.min_contained = "half"
params.max_address_accounts = "household_accounts"
params.max_domain_accounts = "shared_accounts"
---*/
-- Who is one customer, as far as the log says. What the log does not say is unknown: no tenant and no card never make two customers.
with holders as (
    select
        account_id,
        tenant_id,
        organization,
        payment_fingerprint,
        email_domain,
        coalesce(organization, tenant_id, payment_fingerprint) is not null as is_known
    from account_profiles
),
rare_domains as (
    select email_domain
    from holders
    where email_domain is not null
    group by email_domain
    having count(*) <= $max_domain_accounts
),
small_addresses as (
    select value
    from account_attributes
    where attribute = 'ip'
    group by value
    having count(*) <= $max_address_accounts
),
neighbours as (
    select distinct x.account_id, y.account_id as other_account_id
    from account_attributes as x
    join account_attributes as y on y.attribute = 'ip' and y.value = x.value and y.account_id <> x.account_id
    semi join small_addresses as s on s.value = x.value
    where x.attribute = 'ip'
),
handovers as (
    select 'handover' as kind, record_id, account_id, other_record_id, other_account_id, delay_us, work
    from retried_works
    where is_failed and goes_on and not is_popular
),
-- Refused calls that go on with a few words changed, known by passages that hardly anybody sends and that were new within the hour. The next such call
-- decides, whoever sends it: one that is sent again as it was is told above.
refused_passages as (
    select c.record_id, c.account_id, epoch_us(e.started_at) as at_us, c.work, e.prompt_chars, unnest(f.prompt_passages) as passage
    from retried_works as c
    join exchange_features as e on e.record_id = c.record_id
    join fingerprints as f on f.record_id = c.record_id
    where c.is_failed and not c.is_shape
),
met_passages as (
    select e.record_id, e.account_id, epoch_us(e.started_at) as at_us, e.prompt_hash, e.prompt_chars, p.passage
    from (select record_id, unnest(prompt_passages) as passage from fingerprints) as p
    semi join refused_passages as r on r.passage = p.passage
    join exchange_features as e on e.record_id = p.record_id
),
rare_passages as (
    select passage, min(at_us) as at_us from met_passages group by passage having count(distinct account_id) <= $max_prompt_accounts
),
refused as (
    select r.*, count(*) over (partition by r.record_id) as n_passages
    from refused_passages as r
    join rare_passages as x on x.passage = r.passage and x.at_us >= r.at_us - $handover_us
),
sent_later as (
    select r.record_id, r.account_id, m.record_id as other_record_id, m.account_id as other_account_id, m.at_us - r.at_us as delay_us, r.work,
        m.prompt_hash = r.work as is_as_it_was, r.n_passages, count(*) as n_common
    from refused as r
    join met_passages as m on m.passage = r.passage and m.at_us > r.at_us and m.at_us - r.at_us <= $handover_us
        and abs(m.prompt_chars - r.prompt_chars) <= round((1 - $min_resent) * r.prompt_chars)
    group by all
),
resent as (
    select *
    from sent_later
    where n_common >= $min_resent * n_passages
    qualify row_number() over (partition by record_id order by delay_us, other_record_id) = 1
),
-- The last answer that a request quotes, if others were given it before and the account itself never was.
quoted as (
    select
        x.record_id,
        x.account_id,
        epoch_us(x.started_at) as at_us,
        turn_content(e.messages_json, 'assistant', -1) as answer
    from exchanges as e
    join exchange_features as x on x.record_id = e.record_id
    where contains(e.messages_json, '"assistant"') and json_valid(e.messages_json) and json_type(e.messages_json) = 'ARRAY'
),
quoted_hashes as (
    select record_id, account_id, at_us, turn_hash(answer) as response_hash from quoted
    union all
    select x.record_id, x.account_id, epoch_us(x.started_at), e.text_fingerprints.quoted_answer_hash
    from exchanges as e
    join exchange_features as x on x.record_id = e.record_id
    where e.text_fingerprints.quoted_answer_hash is not null
),
given as (
    select response_hash, account_id, arg_min(record_id, (started_at, record_id)) as record_id, min(epoch_us(started_at)) as at_us
    from exchange_features
    where response_hash is not null and coalesce(response_chars, $min_answer_chars) >= $min_answer_chars
    group by response_hash, account_id
    qualify count(*) over (partition by response_hash) <= $max_answer_accounts
),
continued as (
    select
        'conversation' as kind,
        arg_max(g.record_id, (g.at_us, g.record_id)) as record_id,
        arg_max(g.account_id, (g.at_us, g.record_id)) as account_id,
        q.record_id as other_record_id,
        q.account_id as other_account_id,
        q.at_us - max(g.at_us) as delay_us,
        q.record_id as work
    from quoted_hashes as q
    join given as g on g.response_hash = q.response_hash and g.at_us < q.at_us
    anti join given as own on own.response_hash = q.response_hash and own.account_id = q.account_id
    group by q.record_id, q.account_id, q.at_us
),
-- A session that a few accounts share. Ids that more of them write are words such as `default`, not sessions.
shared_sessions as (
    select session_id from sessions where n_accounts between 2 and $max_prompt_accounts
),
session_calls as (
    select
        e.record_id,
        e.account_id,
        lead(e.record_id) over turn as other_record_id,
        lead(e.account_id) over turn as other_account_id,
        epoch_us(lead(e.started_at) over turn) - epoch_us(e.started_at) as delay_us
    from exchange_features as e
    semi join shared_sessions as s on s.session_id = e.session_id
    window turn as (partition by e.session_id order by e.started_at, e.record_id)
),
moved_sessions as (
    select 'conversation' as kind, record_id, account_id, other_record_id, other_account_id, delay_us, other_record_id as work
    from session_calls
    where other_account_id <> account_id and delay_us <= $handover_us
),
-- Answers that were given to one account alone, before anybody sent them, and stand in a prompt of another one.
asked as (
    select p.passage, e.record_id, e.account_id, epoch_us(e.started_at) as at_us
    from (select record_id, unnest(list_filter(prompt_passages, lambda passage: passage % $sample_every = 0)) as passage from fingerprints) as p
    join exchange_features as e on e.record_id = p.record_id
),
first_asked as (
    select passage, min(at_us) as at_us from asked group by passage
),
answered as (
    select record_id, list_filter(response_passages, lambda passage: passage % $sample_every = 0) as passages from fingerprints
),
first_answered as (
    select p.passage, min(e.account_id) as account_id, arg_min(p.record_id, (e.started_at, p.record_id)) as record_id, min(epoch_us(e.started_at)) as at_us
    from (select record_id, unnest(passages) as passage from answered) as p
    join exchange_features as e on e.record_id = p.record_id
    group by p.passage
    having min(e.account_id) = max(e.account_id)
),
returned as (
    select 'answer' as kind, g.record_id, g.account_id, q.record_id as other_record_id, q.account_id as other_account_id, q.at_us - g.at_us as delay_us,
        g.record_id as work, count(*) as n_common
    from asked as q
    join first_answered as g on g.passage = q.passage and g.account_id <> q.account_id and g.at_us < q.at_us
    join first_asked as f on f.passage = q.passage and g.at_us < f.at_us
    group by all
),
answers as (
    select r.* exclude (n_common)
    from returned as r
    join answered as a on a.record_id = r.record_id
    where r.n_common >= $min_common and r.n_common >= $min_contained * len(a.passages)
),
ties as (
    select * from handovers
    union all
    select 'handover' as kind, record_id, account_id, other_record_id, other_account_id, delay_us, work
    from resent
    where other_account_id <> account_id and not is_as_it_was
    union all
    select * from continued
    union all
    select * from moved_sessions
    union all
    select * from answers
)
select distinct
    t.kind,
    t.record_id,
    t.account_id,
    t.other_record_id,
    t.other_account_id,
    t.delay_us,
    t.work,
    case
        when x.organization = y.organization or x.tenant_id = y.tenant_id or x.payment_fingerprint = y.payment_fingerprint then 'same'
        when not (x.is_known and y.is_known) or n.account_id is not null or d.email_domain is not null then 'unknown'
        else 'distinct'
    end as relation
from ties as t
join holders as x on x.account_id = t.account_id
join holders as y on y.account_id = t.other_account_id
left join rare_domains as d on d.email_domain = x.email_domain and x.email_domain = y.email_domain
left join neighbours as n on n.account_id = t.account_id and n.other_account_id = t.other_account_id
order by t.kind, t.record_id, t.other_record_id
