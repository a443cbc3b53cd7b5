-- Cohorts: the users who joined in one month, and which of them paid for the month that is so many months
-- later. A user stayed when they paid for any month after it. Of months before leaving can be seen nothing is known, nor
-- of users whom the newest drop lists in no usable row.
with
paid as (
  select
    strptime(m.month_key::varchar, '%Y%m%d')::date as month, m.is_leaving_seen as seen, m.revenue, u.user_id, u.age_band, p.plan_name as plan,
    c.country_name as country, c.region,
    min(strptime(m.month_key::varchar, '%Y%m%d')::date) over (partition by u.user_id) as joined,
    max(strptime(m.month_key::varchar, '%Y%m%d')::date) over (partition by u.user_id) as last_paid,
    m.month_key = max(m.month_key) over (partition by u.user_id) and exists (
      from dim_user as n where n.user_id = u.user_id and n.is_current and n.listing <> 'listed') as unclear
  from fct_subscription_month as m, dim_user as u, dim_plan as p, dim_country as c
  where u.user_key = m.user_key and p.plan_key = m.plan_key and c.country_key = m.country_key
),
followed as (
  select *, strftime(joined, '%Y-%m') as cohort, date_diff('month', joined, month) as months_since_joining,
    last_paid > month as stays,
    -- Whether they stayed is known once the month after is over.
    last_day(month + interval 1 month) <= (
      select max(strptime(last_payment_date_key::varchar, '%Y%m%d')::date)
      from fct_subscription where last_payment_date_key <> -1) and not unclear as known
  from paid
)

-- metric: cohort_users cohort_revenue --by cohort,months_since_joining
select cohort, months_since_joining, nullif(count(distinct user_id) filter (where seen), 0) as cohort_users, sum(revenue) filter (where seen) as cohort_revenue
from followed group by all

-- metric: cohort_users cohort_followed cohort_kept cohort_stay_rate cohort_revenue --by plan,months_since_joining --where "cohort = 2022-03 and months_since_joining to 12"
select plan, months_since_joining, nullif(count(distinct user_id) filter (where seen), 0) as cohort_users,
  sum(known::int) filter (where seen) as cohort_followed,
  sum((known and stays)::int) filter (where seen) as cohort_kept,
  avg(if(stays, 1, 0)) filter (where known and seen) as cohort_stay_rate,
  sum(revenue) filter (where seen) as cohort_revenue
from followed where cohort = '2022-03' and months_since_joining <= 12 group by all

-- metric: cohort_users cohort_followed cohort_kept cohort_stay_rate cohort_revenue --by region,age_band --totals --where "cohort = 2023-01" --where "months_since_joining = 6"
select if(grouping(region) = 1, '(total)', region) as region, age_band, nullif(count(distinct user_id) filter (where seen), 0) as cohort_users,
  sum(known::int) filter (where seen) as cohort_followed,
  sum((known and stays)::int) filter (where seen) as cohort_kept,
  avg(if(stays, 1, 0)) filter (where known and seen) as cohort_stay_rate,
  sum(revenue) filter (where seen) as cohort_revenue
from followed where cohort = '2023-01' and months_since_joining = 6 group by grouping sets ((region, age_band), ())

-- metric: cohort_unknown --by plan,months_since_joining --totals --where "cohort = 2022-03"
select if(grouping(plan) = 1, '(total)', plan) as plan, months_since_joining,
  count(*) filter (where unclear or not seen) as cohort_unknown
from followed where cohort = '2022-03' group by grouping sets ((plan, months_since_joining), ())
