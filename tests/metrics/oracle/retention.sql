-- Retention. Churn of a month: users paying in the month before and not in this one, over users paying in
-- the month before. A month after that of the newest payment holds no payments yet: nobody is lost in it.
with
paid as (
  select
    strptime(m.month_key::varchar, '%Y%m%d')::date as paid_month,
    m.revenue, u.user_id, u.gender, u.age_band, p.plan_name as plan, d.device_class, d.device_name as device,
    c.country_name as country, c.region, c.subregion
  from fct_subscription_month as m, dim_user as u, dim_plan as p, dim_device as d, dim_country as c
  where u.user_key = m.user_key and p.plan_key = m.plan_key and d.device_key = m.device_key
    and c.country_key = m.country_key
),
before as (
  select p.*, (p.paid_month + interval 1 month)::date as month,
    exists (from paid as n where n.user_id = p.user_id and n.paid_month = p.paid_month + interval 1 month) as stays
  from paid as p
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
select count(*) as paying_before, count(*) filter (where stays) as kept_users,
  count(*) filter (where not stays) as lost_users, avg(if(stays, 0, 1)) as churn_rate,
  coalesce(sum(revenue) filter (where stays), 0) as kept_revenue, coalesce(sum(revenue) filter (where not stays), 0) as lost_revenue
from before natural join closing

-- metric: paying_before kept_users lost_users churn_rate kept_revenue lost_revenue --by month
select month, count(*) as paying_before, count(*) filter (where stays) as kept_users,
  count(*) filter (where not stays) as lost_users, avg(if(stays, 0, 1)) as churn_rate,
  coalesce(sum(revenue) filter (where stays), 0) as kept_revenue, coalesce(sum(revenue) filter (where not stays), 0) as lost_revenue
from before group by month

-- metric: paying_before kept_users lost_users churn_rate --by quarter
select date_trunc('quarter', month)::date as quarter, count(*) as paying_before,
  count(*) filter (where stays) as kept_users, count(*) filter (where not stays) as lost_users,
  avg(if(stays, 0, 1)) as churn_rate
from before
where month in (select coalesce(max(month) filter (where is_over), max(month)) from months
                group by year(month), quarter(month))
group by 1

-- metric: churn_rate lost_revenue --by year
select date_trunc('year', month)::date as year, avg(if(stays, 0, 1)) as churn_rate,
  coalesce(sum(revenue) filter (where not stays), 0) as lost_revenue
from before
where month in (select coalesce(max(month) filter (where is_over), max(month)) from months group by year(month))
group by 1

-- metric: paying_before kept_users lost_users churn_rate kept_revenue lost_revenue --by plan,region --totals
select if(grouping(plan) = 1, '(total)', plan) as plan, region, count(*) as paying_before,
  count(*) filter (where stays) as kept_users, count(*) filter (where not stays) as lost_users,
  avg(if(stays, 0, 1)) as churn_rate, coalesce(sum(revenue) filter (where stays), 0) as kept_revenue,
  coalesce(sum(revenue) filter (where not stays), 0) as lost_revenue
from before natural join closing group by grouping sets ((plan, region), ())

-- metric: paying_before kept_users lost_users churn_rate kept_revenue lost_revenue --by age_band --where "device_class != TV" --where "date to 2023-05"
select age_band, count(*) as paying_before, count(*) filter (where stays) as kept_users,
  count(*) filter (where not stays) as lost_users, avg(if(stays, 0, 1)) as churn_rate,
  coalesce(sum(revenue) filter (where stays), 0) as kept_revenue,
  coalesce(sum(revenue) filter (where not stays), 0) as lost_revenue
from before where month = '2023-05-01' and device_class <> 'TV' group by age_band

-- metric: churn_rate --compare previous
select avg(if(stays, 0, 1)) filter (where month = newest) as churn_rate,
  avg(if(stays, 0, 1)) filter (where month = newest - interval 1 month) as churn_rate__before
from before, (select month as newest from closing)
