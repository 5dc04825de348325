/*---
title = "Whether the program chose by its own rules: no set weighs more than the one that a campaign began with, steps weigh what is stated, every member has what holds it"
reads = ["accounts", "candidate_steps", "membership", "reported_candidates", "set_weights", "step_accounts"]
---*/
with rivals as (
    select
        b.campaign_id, b.rule, b.bits, b.n_tried, b.n_accounts, count(w.name) as n_sets, coalesce(max(w.bits), 0) as most,
        coalesce(bool_or(abs(w.bits - b.bits) < 0.001 and w.n_accounts = b.n_accounts and coalesce(w.group_id, '') = coalesce(b.group_id, '')), false) as is_there
    from reported_candidates as b
    left join set_weights as w on w.candidate = b.candidate and w.is_rival
    group by all
),
steps as (
    select s.*, w.n_accounts as n_again, w.bits as bits_again, w.bits - lag(w.bits) over (partition by s.candidate order by s.step) as gain
    from candidate_steps as s
    join reported_candidates as b on b.candidate = s.candidate
    join set_weights as w on w.candidate = s.candidate and w.name = 'step ' || s.step
),
ended as (
    select b.campaign_id, a.account_id
    from reported_candidates as b
    join step_accounts as a on a.candidate = b.candidate
    where a.step = (select max(step) from candidate_steps as s where s.candidate = b.candidate)
),
stated as (
    select coalesce(campaign_id, split_part(reason_not_in_campaign, ':', 1)) as campaign_id, account_id
    from accounts
    where campaign_id is not null or split_part(reason_not_in_campaign, ':', 1) in (select campaign_id from reported_candidates)
)
select campaign_id || ': sets that competed' as name, n_tried::varchar as stated, n_sets::varchar as recomputed, n_tried = n_sets as holds
from rivals where rule in ('heaviest', 'reworded')
union all
select campaign_id || ': most bits of a set', round(bits, 3)::varchar, round(most, 3)::varchar, is_there and most < bits + 0.001
from rivals where rule = 'heaviest'
union all
select campaign_id || ': no set that ties hold weighs enough', 'less than ' || $min_fact_bits, round(most, 3)::varchar, most < $min_fact_bits
from rivals where rule <> 'heaviest'
union all
select campaign_id || ': accounts after step ' || step, n_accounts::varchar, n_again::varchar, n_accounts = n_again
from steps
union all
select campaign_id || ': bits after step ' || step, round(bits, 3)::varchar, round(bits_again, 3)::varchar, abs(bits - bits_again) < 0.001
from steps where rule not in ('heaviest', 'reworded')
union all
select campaign_id || ': bits gained by step ' || step, 'more than ' || $min_growth_bits, round(gain, 3)::varchar, gain > $min_growth_bits
from steps where rule = 'growth'
union all
select campaign_id || ': accounts in which the steps and the table of accounts differ', '0', sum(n)::varchar, sum(n) = 0
from (
    select coalesce(e.campaign_id, s.campaign_id) as campaign_id, (e.account_id is null or s.account_id is null)::int as n
    from ended as e
    full join stated as s on s.account_id = e.account_id and s.campaign_id = e.campaign_id
)
where campaign_id in (select campaign_id from reported_candidates)
group by campaign_id
union all
select campaign_id || ': members that nothing holds', '0', count(*) filter (not is_held)::varchar, bool_and(is_held)
from membership where campaign_id in (select campaign_id from reported_candidates)
group by campaign_id
order by name
