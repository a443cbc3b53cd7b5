-- A subscription plan, or Unknown.
-- materialized: table
with

users as (
  select * from stg_netflix_user where lower(plan_name) <> 'unknown'
),

ranked_plans as (
  select * from seed.plan
),

spellings as (
  select
    plan_name,
    row_number() over (partition by lower(plan_name) order by count(*) desc, plan_name) as choice
  from users
  group by plan_name
),

prices as (
  select
    lower(plan_name) as plan_folded,
    median(monthly_revenue) as usual_price
  from users
  group by lower(plan_name)
),

-- Plans that the seed does not rank follow by what is usually paid for them.
placed as (
  select
    s.plan_name,
    cast(r.plan_rank as integer) as known_rank,
    case when r.plan_rank is null then 1 else 0 end as is_new,
    p.usual_price
  from spellings as s
  inner join prices as p on lower(s.plan_name) = p.plan_folded
  left join ranked_plans as r on lower(s.plan_name) = lower(r.plan_name)
  where s.choice = 1
),

last_known as (
  select coalesce(max(cast(plan_rank as integer)), 0) as known_rank from ranked_plans
),

plans as (
  select
    surrogate_key(concat('plan|', lower(p.plan_name))) as plan_key,
    p.plan_name,
    cast(coalesce(
      p.known_rank,
      l.known_rank + row_number() over (partition by p.is_new order by p.usual_price, lower(p.plan_name))
    ) as integer) as plan_rank
  from placed as p
  cross join last_known as l
  union all
  select
    cast(-1 as bigint) as plan_key,
    'Unknown' as plan_name,
    cast(null as integer) as plan_rank
)

select * from plans
