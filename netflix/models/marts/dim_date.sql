-- A calendar day, without gaps from the first to the last date that any fact uses, or Unknown.
-- materialized: table
with

snapshots as (
  select * from int_user_snapshot
),

titles as (
  select * from stg_netflix_title
),

user_drops as (
  select * from int_user_drop
),

title_drops as (
  select * from int_title_drop
),

worldwide_ranks as (
  select * from stg_netflix_top10_global
),

country_ranks as (
  select * from stg_netflix_top10_country
),

spans as (
  select
    first_of_month(min(join_date)) as first_date,
    greatest(max(drop_date), max(add_months(last_payment_date, plan_duration_months))) as last_date
  from snapshots
  union all
  select min(drop_date) as first_date, max(drop_date) as last_date from user_drops
  union all
  select min(_drop) as first_date, max(_drop) as last_date from title_drops
  union all
  select min(date_added) as first_date, max(date_added) as last_date from titles
  union all
  select min(week_date) as first_date, max(week_date) as last_date from worldwide_ranks
  union all
  select min(week_date) as first_date, max(week_date) as last_date from country_ranks
),

span as (
  select min(first_date) as first_date, max(last_date) as last_date from spans
),

days as (
  select u.day as date
  from span as s, lateral explode(day_range(s.first_date, s.last_date)) as u(day)
),

-- 1900-01-01 was a Monday.
parts as (
  select
    date,
    weekofyear(date) as iso_week,
    cast(mod(days_between(date '1900-01-01', date), 7) + 1 as integer) as day_of_week
  from days
),

dates as (
  select
    date_key(date) as date_key,
    date,
    cast(year(date) as integer) as year,
    cast(quarter(date) as integer) as quarter,
    cast(month(date) as integer) as month,
    first_of_month(date) as month_start,
    case month(date)
      when 1 then 'January'
      when 2 then 'February'
      when 3 then 'March'
      when 4 then 'April'
      when 5 then 'May'
      when 6 then 'June'
      when 7 then 'July'
      when 8 then 'August'
      when 9 then 'September'
      when 10 then 'October'
      when 11 then 'November'
      when 12 then 'December'
    end as month_name,
    cast(case
      when month(date) = 1 and iso_week > 50 then year(date) - 1
      when month(date) = 12 and iso_week = 1 then year(date) + 1
      else year(date)
    end as integer) as iso_year,
    cast(iso_week as integer) as iso_week,
    day_of_week,
    day_of_week > 5 as is_weekend
  from parts
  union all
  select
    -1 as date_key,
    cast(null as date) as date,
    cast(null as integer) as year,
    cast(null as integer) as quarter,
    cast(null as integer) as month,
    cast(null as date) as month_start,
    cast(null as string) as month_name,
    cast(null as integer) as iso_year,
    cast(null as integer) as iso_week,
    cast(null as integer) as day_of_week,
    cast(null as boolean) as is_weekend
)

select * from dates
