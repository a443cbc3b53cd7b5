-- A user as one drop of the userbase knows it, with the keys of all dimensions.
-- materialized: table
with

users as (
  select * from stg_netflix_user
),

plans as (
  select * from dim_plan
),

devices as (
  select * from dim_device
),

listings as (
  select * from int_user_listing
),

user_drops as (
  select * from int_user_drop
),

newest_payments as (
  select drop_date, max(last_payment_date) as newest_payment_date
  from users
  group by drop_date
),

-- An attribute that differs from the user's drop before, or a drop without the user, starts a new version.
compared as (
  select
    u.*,
    l.stay_from,
    l.gone_drop_date,
    d.following_drop_date,
    n.newest_payment_date,
    lag(u.drop_date) over in_time as previous_drop_date,
    lead(u.drop_date) over in_time as next_drop_date,
    coalesce(
      lag(l.stay_from) over in_time = l.stay_from
      and lag(u.gender) over in_time = u.gender
      and lag(coalesce(u.age, -1)) over in_time = coalesce(u.age, -1)
      and lag(u.country_key) over in_time = u.country_key,
      false
    ) as is_unchanged
  from users as u
  inner join listings as l on u.user_id = l.user_id and u.drop_date = l.drop_date
  inner join user_drops as d on u.drop_date = d.drop_date
  inner join newest_payments as n on u.drop_date = n.drop_date
  window in_time as (partition by u.user_id order by u.drop_date)
),

versioned as (
  select
    *,
    max(case when not is_unchanged then drop_date end)
      over (partition by user_id order by drop_date) as valid_from
  from compared
),

snapshots as (
  select
    v.user_id,
    v.drop_date,
    surrogate_key(concat('user|', cast(v.user_id as string), '|', cast(v.valid_from as string))) as user_key,
    p.plan_key,
    coalesce(d.device_key, -1) as device_key,
    v.country_key,
    p.plan_name,
    v.gender,
    v.age,
    v.monthly_revenue,
    v.join_date,
    v.last_payment_date,
    v.plan_duration_months,
    v.last_payment_date >= add_months(v.newest_payment_date, -v.plan_duration_months) as is_active,
    v.valid_from,
    v.previous_drop_date,
    v.next_drop_date,
    v.following_drop_date,
    v.stay_from,
    v.gone_drop_date
  from versioned as v
  inner join plans as p on lower(v.plan_name) = lower(p.plan_name)
  left join devices as d on lower(v.device_name) = lower(d.device_name)
)

select * from snapshots
