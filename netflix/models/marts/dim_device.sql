-- A device that users stream to, or Unknown.
-- materialized: table
with

users as (
  select * from stg_netflix_user
),

classes as (
  select * from seed.device
),

spellings as (
  select
    device_name,
    row_number() over (partition by lower(device_name) order by count(*) desc, device_name) as choice
  from users
  where lower(device_name) <> 'unknown'
  group by device_name
),

devices as (
  select
    surrogate_key(concat('device|', lower(s.device_name))) as device_key,
    s.device_name,
    coalesce(c.device_class, 'Unknown') as device_class
  from spellings as s
  left join classes as c on lower(s.device_name) = lower(c.device_name)
  where s.choice = 1
  union all
  select
    cast(-1 as bigint) as device_key,
    'Unknown' as device_name,
    'Unknown' as device_class
)

select * from devices
