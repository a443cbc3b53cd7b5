-- A user as known between two drops, or Unknown.
-- materialized: table
with

snapshots as (
  select * from int_user_snapshot
),

versions as (
  select
    user_key,
    user_id,
    gender,
    age,
    country_key,
    valid_from,
    max(drop_date) as last_drop_date
  from snapshots
  group by user_key, user_id, gender, age, country_key, valid_from
),

drops as (
  select distinct drop_date, following_drop_date from snapshots
),

users as (
  select
    v.user_key,
    v.user_id,
    v.gender,
    v.age,
    case
      when v.age is null then 'Unknown'
      when v.age < 18 then 'under 18'
      when v.age < 25 then '18-24'
      when v.age < 35 then '25-34'
      when v.age < 45 then '35-44'
      when v.age < 55 then '45-54'
      when v.age < 65 then '55-64'
      else '65 and over'
    end as age_band,
    v.country_key,
    v.valid_from,
    coalesce(cast(d.following_drop_date - interval '1' day as date), date '9999-12-31') as valid_to,
    d.following_drop_date is null as is_current
  from versions as v
  inner join drops as d on v.last_drop_date = d.drop_date
  union all
  select
    cast(-1 as bigint) as user_key,
    cast(null as bigint) as user_id,
    'Unknown' as gender,
    cast(null as integer) as age,
    'Unknown' as age_band,
    cast(-1 as bigint) as country_key,
    date '1900-01-01' as valid_from,
    date '9999-12-31' as valid_to,
    false as is_current
)

select * from users
