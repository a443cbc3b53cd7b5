-- A user as known between two drops, or Unknown.
-- materialized: table
with

snapshots as (
  select * from int_user_snapshot
),

listings as (
  select * from int_user_listing
),

newest_drop as (
  select drop_date from int_user_drop where following_drop_date is null
),

versions as (
  select
    user_key,
    user_id,
    gender,
    age,
    country_key,
    valid_from,
    stay_from,
    gone_drop_date,
    max(drop_date) as last_drop_date
  from snapshots
  group by user_key, user_id, gender, age, country_key, valid_from, stay_from, gone_drop_date
),

newest as (
  select l.user_id, l.is_usable
  from listings as l
  inner join newest_drop as d on l.drop_date = d.drop_date
),

-- A version ends with the next one of the stay, or with the stay.
ended as (
  select
    *,
    coalesce(
      lead(valid_from) over (partition by user_id, stay_from order by valid_from),
      gone_drop_date
    ) as ending_drop_date
  from versions
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
    coalesce(cast(v.ending_drop_date - interval '1' day as date), date '9999-12-31') as valid_to,
    v.ending_drop_date is null as is_current,
    case
      when v.ending_drop_date is not null then null
      when n.is_usable then 'listed'
      when n.user_id is not null then 'rejected'
      else 'uncertain'
    end as listing
  from ended as v
  left join newest as n on v.user_id = n.user_id
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
    false as is_current,
    cast(null as string) as listing
)

select * from users
