-- A user's subscription in the newest drop.
-- materialized: table
with

snapshots as (
  select * from int_user_snapshot
),

subscriptions as (
  select
    user_key,
    plan_key,
    device_key,
    country_key,
    date_key(join_date) as join_date_key,
    date_key(last_payment_date) as last_payment_date_key,
    monthly_revenue,
    plan_duration_months,
    cast(
      (year(last_payment_date) - year(join_date)) * 12 + month(last_payment_date) - month(join_date)
      - case when day(last_payment_date) < day(join_date) then 1 else 0 end
    as integer) as tenure_months,
    is_active
  from snapshots
  where following_drop_date is null
)

select * from subscriptions
