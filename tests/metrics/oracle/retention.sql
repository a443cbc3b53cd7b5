-- Retention. Churn of a month: users paying in the month before and not in this one, over users paying in
-- the month before. A month after that of the newest payment holds no payments yet: nobody is lost in it. Of months
-- before leaving can be seen nothing is known, nor of users whom the newest drop lists in no usable row.
with
paid as (
  select
    strptime(m.month_key::varchar, '%Y%m%d')::date as paid_month, m.is_leaving_seen as seen,
    m.revenue, u.user_id, u.gender, u.age_band, p.plan_name as plan, d.device_class, d.device_name as device,
    c.country_name as country, c.region, c.subregion
  from fct_subscription_month as m, dim_user as u, dim_plan as p, dim_device as d, dim_country as c
  where u.user_key = m.user_key and p.plan_key = m.plan_key and d.device_key = m.device_key
    and c.country_key = m.country_key
),
before as (
  select p.*, (p.paid_month + interval 1 month)::date as month, not (stays or unclear) as lost, stays as kept
  from (
    select p.*,
      exists (from paid as n where n.user_id = p.user_id and n.paid_month = p.paid_month + interval 1 month) as stays,
      exists (from dim_user as u where u.user_id = p.user_id and u.is_current and u.listing <> 'listed')
        and p.paid_month = max(p.paid_month) over (partition by p.user_id) as unclear
    from paid as p
  ) as p
  where p.paid_month < (select max(paid_month) from paid)
),
months as (
  select
    month,
    last_day(month) <= (
      select max(strptime(last_payment_date_key::varchar, '%Y%m%d')::date)
      from fct_subscription where last_payment_date_key <> -1) as is_over
  from (select distinct month from before)
),
closing as (select max(month) as month from months where is_over)

-- metric: paying_before kept_users lost_users churn_rate kept_revenue lost_revenue
select count(*) as paying_before, sum(kept::int) filter (where seen) as kept_users,
  sum(lost::int) filter (where seen) as lost_users, avg(if(lost, 1, 0)) filter (where seen) as churn_rate,
  sum(if(kept, revenue, 0)) filter (where seen) as kept_revenue, sum(if(lost, revenue, 0)) filter (where seen) as lost_revenue
from before natural join closing

-- metric: paying_before kept_users lost_users churn_rate kept_revenue lost_revenue --by month
select month, count(*) as paying_before, sum(kept::int) filter (where seen) as kept_users,
  sum(lost::int) filter (where seen) as lost_users, avg(if(lost, 1, 0)) filter (where seen) as churn_rate,
  sum(if(kept, revenue, 0)) filter (where seen) as kept_revenue, sum(if(lost, revenue, 0)) filter (where seen) as lost_revenue
from before group by month

-- metric: paying_before kept_users lost_users churn_rate --by quarter
select date_trunc('quarter', month)::date as quarter, count(*) as paying_before,
  sum(kept::int) filter (where seen) as kept_users, sum(lost::int) filter (where seen) as lost_users,
  avg(if(lost, 1, 0)) filter (where seen) as churn_rate
from before
where month in (select coalesce(max(month) filter (where is_over), max(month)) from months
                group by year(month), quarter(month))
group by 1

-- metric: churn_rate lost_revenue --by year
select date_trunc('year', month)::date as year, avg(if(lost, 1, 0)) filter (where seen) as churn_rate,
  sum(if(lost, revenue, 0)) filter (where seen) as lost_revenue
from before
where month in (select coalesce(max(month) filter (where is_over), max(month)) from months group by year(month))
group by 1

-- metric: paying_before kept_users lost_users churn_rate kept_revenue lost_revenue --by plan,region --totals
select if(grouping(plan) = 1, '(total)', plan) as plan, region, count(*) as paying_before,
  sum(kept::int) filter (where seen) as kept_users, sum(lost::int) filter (where seen) as lost_users,
  avg(if(lost, 1, 0)) filter (where seen) as churn_rate, sum(if(kept, revenue, 0)) filter (where seen) as kept_revenue,
  sum(if(lost, revenue, 0)) filter (where seen) as lost_revenue
from before natural join closing group by grouping sets ((plan, region), ())

-- metric: paying_before kept_users lost_users churn_rate kept_revenue lost_revenue --by age_band --where "device_class != TV" --where "date to 2023-05"
select age_band, count(*) as paying_before, sum(kept::int) filter (where seen) as kept_users,
  sum(lost::int) filter (where seen) as lost_users, avg(if(lost, 1, 0)) filter (where seen) as churn_rate,
  sum(if(kept, revenue, 0)) filter (where seen) as kept_revenue,
  sum(if(lost, revenue, 0)) filter (where seen) as lost_revenue
from before where month = '2023-05-01' and device_class <> 'TV' group by age_band

-- metric: churn_rate --compare previous
select avg(if(lost, 1, 0)) filter (where month = newest) as churn_rate,
  avg(if(lost, 1, 0)) filter (where month = newest - interval 1 month) as churn_rate__before
from before, (select month as newest from closing)

-- metric: lost_users_at_most churn_rate_at_most unknown_retention
select sum((lost or unclear)::int) filter (where seen) as lost_users_at_most,
  avg(if(lost or unclear, 1, 0)) filter (where seen) as churn_rate_at_most,
  count(*) filter (where unclear or not seen) as unknown_retention
from before natural join closing

-- metric: lost_users_at_most churn_rate_at_most unknown_retention --by month
select month, sum((lost or unclear)::int) filter (where seen) as lost_users_at_most,
  avg(if(lost or unclear, 1, 0)) filter (where seen) as churn_rate_at_most,
  count(*) filter (where unclear or not seen) as unknown_retention
from before group by month

-- metric: lost_users_at_most churn_rate_at_most unknown_retention --by plan,region --totals --where "device_class != TV"
select if(grouping(plan) = 1, '(total)', plan) as plan, region, sum((lost or unclear)::int) filter (where seen) as lost_users_at_most,
  avg(if(lost or unclear, 1, 0)) filter (where seen) as churn_rate_at_most,
  count(*) filter (where unclear or not seen) as unknown_retention
from before natural join closing where device_class <> 'TV' group by grouping sets ((plan, region), ())
