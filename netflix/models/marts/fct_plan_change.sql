-- A change of a user's plan between two drops that list the user and know the plan.
-- materialized: table
with

snapshots as (
  select * from int_user_snapshot where plan_key <> -1
),

compared as (
  select
    *,
    lag(plan_key) over (partition by user_id order by drop_date) as from_plan_key,
    lag(plan_name) over (partition by user_id order by drop_date) as from_plan_name
  from snapshots
),

plan_changes as (
  select
    user_key,
    date_key(drop_date) as date_key,
    from_plan_name as "from",
    plan_name as "to",
    from_plan_key,
    plan_key as to_plan_key
  from compared
  where from_plan_key <> plan_key
)

select * from plan_changes
