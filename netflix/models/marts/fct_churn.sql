-- A user who was active in one drop and is gone, or no longer active, in the next.
-- materialized: table
with

snapshots as (
  select * from int_user_snapshot
),

-- What the next usable row of the stay says; there is none where the stay ends, and where only rejected rows
-- and drops that are not whole follow: then nobody knows.
followed as (
  select
    *,
    lead(last_payment_date) over in_stay as last_payment_date_next,
    lead(is_active) over in_stay as is_active_next,
    lead(drop_date) over in_stay is null and gone_drop_date is not null as is_gone
  from snapshots
  window in_stay as (partition by user_id, stay_from order by drop_date)
),

churned as (
  select
    user_key,
    date_key(add_months(coalesce(last_payment_date_next, last_payment_date), plan_duration_months)) as date_key,
    plan_name as "from",
    'None' as "to",
    plan_key as from_plan_key,
    is_gone
  from followed
  where is_active and (is_gone or not is_active_next)
)

select * from churned
