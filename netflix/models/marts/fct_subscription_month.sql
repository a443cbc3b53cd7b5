-- A calendar month that a user paid for, from the month joined to the month last paid.
-- materialized: table
with

snapshots as (
  select * from int_user_snapshot
),

user_drops as (
  select * from int_user_drop
),

-- The user's last usable row says when they joined and last paid. Where it is not the newest drop's and the
-- user is not certainly gone since, nobody knows whether they paid on.
known as (
  select
    *,
    first_of_month(last_value(join_date) over whole) as join_month,
    first_of_month(last_value(last_payment_date) over whole) as last_paid_month,
    last_value(following_drop_date) over whole is not null and last_value(gone_drop_date) over whole is null
      as is_open
  from snapshots
  window whole as (
    partition by user_id order by drop_date rows between unbounded preceding and unbounded following)
),

-- A drop tells the state of the months that ended since the user's drop before; the last one, of all
-- later months too.
told as (
  select
    user_key,
    plan_key,
    device_key,
    country_key,
    monthly_revenue,
    join_month,
    last_paid_month,
    is_open,
    case
      when previous_drop_date is null then join_month
      else greatest(join_month, first_of_month(previous_drop_date + interval '1' day))
    end as first_month,
    case
      when next_drop_date is null then last_paid_month
      else least(last_paid_month, add_months(first_of_month(drop_date + interval '1' day), -1))
    end as last_month
  from known
),

-- The newest payment of the newest drop: what lies before it is known.
paid_until as (
  select max(last_payment_date) as newest_payment_date
  from snapshots
  where following_drop_date is null
),

-- The oldest drop may leave out who had left before it. What it tells of leaving is who had left and is listed:
-- last payments that are older than those of the paying ones, by two months of the calendar.
oldest as (
  select
    s.is_active,
    s.last_payment_date,
    d.drop_date,
    max(s.last_payment_date) over () as newest_payment_date
  from snapshots as s
  inner join user_drops as d on s.drop_date = d.drop_date
  where d.previous_drop_date is null
),

-- So leaving is seen from the first whole month after the first who is seen to have left, and among those whom
-- the oldest drop lists, once a later drop is known: those who paid in its month, lost in the month after.
seen as (
  select least(
    (
      select add_months(first_of_month(min(last_payment_date) - interval '1' day), 1)
      from oldest
      where not is_active and last_payment_date < add_months(first_of_month(newest_payment_date), -1)
    ),
    (
      select case when sum(case when is_known and previous_drop_date is not null then 1 else 0 end) > 0
        then first_of_month(min(drop_date)) end
      from user_drops
    )
  ) as first_month
),

spans as (
  select distinct first_month, last_month
  from told
  where first_month <= last_month
),

months as (
  select
    s.first_month,
    s.last_month,
    u.month_start,
    date_key(u.month_start) as month_key
  from spans as s, lateral explode(month_range(s.first_month, s.last_month)) as u(month_start)
),

subscription_months as (
  select
    t.user_key,
    t.plan_key,
    t.device_key,
    t.country_key,
    m.month_key,
    date_key(t.join_month) as join_month_key,
    t.monthly_revenue as revenue,
    m.month_start = t.join_month as is_new,
    m.month_start = t.last_paid_month and not t.is_open as is_last_paid,
    coalesce(add_months(m.month_start, 2) - interval '1' day <= p.newest_payment_date, false) as is_followed,
    m.month_start = t.last_paid_month and t.is_open as is_end_unknown,
    coalesce(m.month_start >= s.first_month, false) as is_leaving_seen
  from told as t
  inner join months as m on t.first_month = m.first_month and t.last_month = m.last_month
  cross join paid_until as p
  cross join seen as s
)

select * from subscription_months
