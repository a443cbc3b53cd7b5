-- A user who was active in one drop and is gone, or no longer active, in the next.
-- materialized: table
with

snapshots as (
  select * from int_user_snapshot
),

-- What the following drop says of a user who was active; nothing where it does not list the user.
followed as (
  select
    s.user_key,
    s.plan_key,
    s.plan_name,
    case when n.user_id is null then s.last_payment_date else n.last_payment_date end as last_payment_date,
    s.plan_duration_months,
    n.user_id is null as is_gone,
    n.is_active as is_active_next
  from snapshots as s
  left join snapshots as n
    on s.user_id = n.user_id and s.following_drop_date = n.drop_date
  where s.is_active and s.following_drop_date is not null
),

churned as (
  select
    user_key,
    date_key(add_months(last_payment_date, plan_duration_months)) as date_key,
    plan_name as "from",
    'None' as "to",
    plan_key as from_plan_key,
    is_gone
  from followed
  where is_gone or not is_active_next
)

select * from churned
