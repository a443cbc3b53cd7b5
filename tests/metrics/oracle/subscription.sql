-- Subscriptions of the newest drop. Active: last payment no earlier than one plan duration before the
-- newest payment date of the drop.
with
subscribed as (
  select
    f.monthly_revenue, f.tenure_months, u.gender, u.age_band, p.plan_name as plan, d.device_class,
    d.device_name as device, c.country_name as country, c.region, c.subregion,
    date_trunc('month', strptime(f.join_date_key::varchar, '%Y%m%d'))::date as month,
    strptime(f.last_payment_date_key::varchar, '%Y%m%d')
      >= max(strptime(f.last_payment_date_key::varchar, '%Y%m%d')) over () - to_months(f.plan_duration_months) as active
  from fct_subscription as f, dim_user as u, dim_plan as p, dim_device as d, dim_country as c
  where u.user_key = f.user_key and p.plan_key = f.plan_key and d.device_key = f.device_key
    and c.country_key = f.country_key
)

-- metric: users active_users monthly_revenue mean_monthly_revenue mean_tenure share_active
select count(*) as users, count(*) filter (where active) as active_users, sum(monthly_revenue) as monthly_revenue,
  avg(monthly_revenue)::double as mean_monthly_revenue, avg(tenure_months) as mean_tenure,
  avg(if(active, 1, 0)) as share_active
from subscribed

-- metric: users active_users monthly_revenue mean_monthly_revenue mean_tenure share_active --by month
select month, count(*) as users, count(*) filter (where active) as active_users,
  sum(monthly_revenue) as monthly_revenue, avg(monthly_revenue)::double as mean_monthly_revenue,
  avg(tenure_months) as mean_tenure, avg(if(active, 1, 0)) as share_active
from subscribed group by month

-- metric: users active_users monthly_revenue mean_monthly_revenue mean_tenure share_active --by quarter,gender
select date_trunc('quarter', month)::date as quarter, gender, count(*) as users,
  count(*) filter (where active) as active_users, sum(monthly_revenue) as monthly_revenue,
  avg(monthly_revenue)::double as mean_monthly_revenue, avg(tenure_months) as mean_tenure,
  avg(if(active, 1, 0)) as share_active
from subscribed group by all

-- metric: users active_users monthly_revenue mean_monthly_revenue mean_tenure share_active --by country --totals
select coalesce(country, '(total)') as country, count(*) as users, count(*) filter (where active) as active_users,
  sum(monthly_revenue) as monthly_revenue, avg(monthly_revenue)::double as mean_monthly_revenue,
  avg(tenure_months) as mean_tenure, avg(if(active, 1, 0)) as share_active
from subscribed group by rollup (country)

-- metric: users active_users monthly_revenue mean_monthly_revenue mean_tenure share_active --by plan,device --where "age_band in 18-24, 25-34" --where "date from 2022"
select plan, device, count(*) as users, count(*) filter (where active) as active_users,
  sum(monthly_revenue) as monthly_revenue, avg(monthly_revenue)::double as mean_monthly_revenue,
  avg(tenure_months) as mean_tenure, avg(if(active, 1, 0)) as share_active
from subscribed where age_band in ('18-24', '25-34') and month >= '2022-01-01' group by all

-- metric: users --by plan,age_band --where "country = Spain"
select plan, age_band, count(*) as users from subscribed where country = 'Spain' group by all

-- metric: users mean_tenure --by country,gender --top 3 --totals
with highest as (select country from subscribed group by country order by count(*) desc, country limit 3)
select if(country in (from highest), country, '(other)') as country, gender, count(*) as users,
  avg(tenure_months) as mean_tenure
from subscribed group by all
union all
select '(total)', null, count(*), avg(tenure_months) from subscribed
