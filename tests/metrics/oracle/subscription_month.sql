-- Paid months. MRR of a month is its revenue, ARPU is MRR over the distinct users who paid for it; over
-- several months both are those of the last month that ended before, or with, the newest payment.
with
paid as (
  select
    strptime(m.month_key::varchar, '%Y%m%d')::date as month,
    m.revenue, m.is_new, u.user_id, u.gender, u.age_band, u.age, p.plan_name as plan,
    d.device_name as device, d.device_class, c.country_name as country, c.subregion, c.region,
    c.iso_numeric as country_code
  from fct_subscription_month as m, dim_user as u, dim_plan as p, dim_device as d, dim_country as c
  where u.user_key = m.user_key and p.plan_key = m.plan_key and d.device_key = m.device_key
    and c.country_key = m.country_key
),
months as (
  select
    month,
    last_day(month) <= (
      select max(strptime(last_payment_date_key::varchar, '%Y%m%d')::date)
      from fct_subscription where last_payment_date_key <> -1) as is_over
  from (select distinct month from paid)
),
closing as (select max(month) as month from months where is_over)

-- metric: mrr paying_users arpu
select sum(revenue) as mrr, count(distinct user_id) as paying_users,
  sum(revenue)::double / count(distinct user_id) as arpu
from paid natural join closing

-- metric: mrr paying_users arpu --by country --totals
select coalesce(country, '(total)') as country, sum(revenue) as mrr, count(distinct user_id) as paying_users,
  sum(revenue)::double / count(distinct user_id) as arpu
from paid natural join closing group by rollup (country)

-- metric: mrr paying_users arpu --by age_band,plan
select age_band, plan, sum(revenue) as mrr, count(distinct user_id) as paying_users,
  sum(revenue)::double / count(distinct user_id) as arpu
from paid natural join closing group by all

-- metric: mrr --by country_code,device
select country_code, device, sum(revenue) as mrr from paid natural join closing group by all

-- metric: mrr paying_users arpu --by month
select month, sum(revenue) as mrr, count(distinct user_id) as paying_users,
  sum(revenue)::double / count(distinct user_id) as arpu
from paid group by month

-- metric: mrr paying_users arpu --by quarter
select date_trunc('quarter', month)::date as quarter, sum(revenue) as mrr, count(distinct user_id) as paying_users,
  sum(revenue)::double / count(distinct user_id) as arpu
from paid
where month in (select coalesce(max(month) filter (where is_over), max(month)) from months
                group by year(month), quarter(month))
group by 1

-- metric: mrr paying_users arpu --by year --totals
with of_year as (
  select year(month) as y, coalesce(max(month) filter (where is_over), max(month)) as month from months group by 1
)
select make_date(y, 1, 1)::varchar as year, sum(revenue) as mrr, count(distinct user_id) as paying_users,
  sum(revenue)::double / count(distinct user_id) as arpu
from paid natural join of_year group by y
union all
select '(total)', sum(revenue), count(distinct user_id), sum(revenue)::double / count(distinct user_id)
from paid natural join closing

-- metric: mrr paying_users --by country --where "plan = Premium"
select country, sum(revenue) as mrr, count(distinct user_id) as paying_users
from paid natural join closing where plan = 'Premium' group by country

-- metric: mrr arpu --by plan --where "date from 2022-02 to 2022-11" --where "gender = Female"
select plan, sum(revenue) as mrr, avg(revenue)::double as arpu
from paid where month = date '2022-11-01' and gender = 'Female' group by plan

-- metric: mrr paying_users arpu --last quarter
select sum(revenue) as mrr, count(distinct user_id) as paying_users, avg(revenue)::double as arpu
from paid
where month in (
  select max(month) from months group by year(month), quarter(month)
  having bool_and(is_over) and count(*) = 3 order by 1 desc limit 1)

-- metric: mrr paying_users --by plan --compare previous
select plan,
  sum(revenue) filter (where month = newest) as mrr,
  sum(revenue) filter (where month = newest - interval 1 month) as mrr__before,
  count(distinct user_id) filter (where month = newest) as paying_users,
  count(distinct user_id) filter (where month = newest - interval 1 month) as paying_users__before
from paid, (select month as newest from closing) group by plan

-- metric: mrr --compare year
select sum(revenue) filter (where month = newest) as mrr,
  sum(revenue) filter (where month = newest - interval 12 month) as mrr__before
from paid, (select month as newest from closing)

-- metric: mrr revenue --where "date from 2023-01 to 2023-06" --compare previous
select sum(revenue) filter (where month = '2023-06-01') as mrr,
  sum(revenue) filter (where month = '2022-12-01') as mrr__before,
  sum(revenue) filter (where month between '2023-01-01' and '2023-06-01') as revenue,
  sum(revenue) filter (where month between '2022-07-01' and '2022-12-01') as revenue__before
from paid

-- metric: revenue paid_months new_users new_revenue
select sum(revenue) as revenue, count(*) as paid_months, count(*) filter (where is_new) as new_users,
  coalesce(sum(revenue) filter (where is_new), 0) as new_revenue
from paid

-- metric: revenue paid_months new_users new_revenue --by device_class,gender
select device_class, gender, sum(revenue) as revenue, count(*) as paid_months,
  count(*) filter (where is_new) as new_users, coalesce(sum(revenue) filter (where is_new), 0) as new_revenue
from paid group by all

-- metric: revenue paid_months new_users new_revenue --by quarter,plan --where "region in Europe, Americas"
select date_trunc('quarter', month)::date as quarter, plan, sum(revenue) as revenue, count(*) as paid_months,
  count(*) filter (where is_new) as new_users, coalesce(sum(revenue) filter (where is_new), 0) as new_revenue
from paid where region in ('Europe', 'Americas') group by all

-- metric: new_users --by month
select month, count(*) as new_users
from (select user_id, min(month) as month from paid group by user_id) group by month
union all
select month, 0 from months where month not in (select min(month) from paid group by user_id)

-- metric: revenue paid_months new_users new_revenue --by subregion --totals --where "age_band != 25-34"
select coalesce(subregion, '(total)') as subregion, sum(revenue) as revenue, count(*) as paid_months,
  count(*) filter (where is_new) as new_users,
  coalesce(sum(revenue) filter (where is_new), 0) as new_revenue
from paid where age_band <> '25-34' group by rollup (subregion)

-- metric: mrr revenue --by plan
select plan, sum(revenue) filter (where month = (select month from closing)) as mrr, sum(revenue) as revenue
from paid group by plan

-- metric: revenue --by quarter --compare year
select q::date as quarter, n.revenue, o.revenue as revenue__before
from (select date_trunc('quarter', month) as q, sum(revenue) as revenue from paid group by 1) as n
left join (select date_trunc('quarter', month) + interval 1 year as q, sum(revenue) as revenue from paid group by 1) as o
  using (q)

-- metric: revenue new_users --last quarter --compare previous
select sum(revenue) filter (where q = newest) as revenue,
  sum(revenue) filter (where q = newest - interval 3 month) as revenue__before,
  count(*) filter (where is_new and q = newest) as new_users,
  count(*) filter (where is_new and q = newest - interval 3 month) as new_users__before
from (select *, date_trunc('quarter', month) as q from paid),
  (select max(q) as newest from (
    select date_trunc('quarter', month) as q from months group by q having bool_and(is_over) and count(*) = 3))

-- metric: revenue mrr --last year --compare year
select sum(revenue) filter (where year(month) = 2023) as revenue, sum(revenue) filter (where year(month) = 2022) as revenue__before,
  sum(revenue) filter (where month = '2023-12-01') as mrr, sum(revenue) filter (where month = '2022-12-01') as mrr__before
from paid

-- metric: revenue --by month --where "date from 2023-03 to 2023-05" --compare previous
select n.month, n.revenue, o.revenue as revenue__before
from (select month, sum(revenue) as revenue from paid group by month) as n
join (select (month + interval 1 month)::date as month, sum(revenue) as revenue from paid group by month) as o using (month)
where n.month between '2023-03-01' and '2023-05-31'

-- metric: mrr --by quarter --where "date from 2022-02 to 2023-05" --compare year
select q::date as quarter, n.mrr, o.mrr as mrr__before
from (select date_trunc('quarter', month) as q, sum(revenue) as mrr from paid
      where month in ('2022-03-01', '2022-06-01', '2022-09-01', '2022-12-01', '2023-03-01', '2023-05-01') group by 1) as n
left join (select date_trunc('quarter', month) + interval 1 year as q, sum(revenue) as mrr from paid
           where quarter(month) * 3 = month(month) group by 1) as o using (q)

-- metric: mrr --by month,country --top 2 --totals
with highest as (
  select country from paid natural join closing group by country order by sum(revenue) desc, country limit 2
)
select month::varchar as month, if(country in (from highest), country, '(other)') as country, sum(revenue) as mrr
from paid group by all
union all
select '(total)', null, sum(revenue) from paid natural join closing
