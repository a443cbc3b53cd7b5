-- A country of ISO 3166-1, a past state, the whole world as one member, or Unknown.
-- materialized: table
with

listed as (
  select * from seed.country
),

members as (
  select
    surrogate_key('country ' || country_code) as country_key,
    country_name,
    iso2,
    iso3,
    iso_numeric,
    region,
    subregion,
    intermediate_region,
    country_code,
    kind = 'country' as is_country,
    kind = 'past_state' as is_past_state
  from listed
),

unknown_member as (
  select
    cast(-1 as bigint) as country_key,
    'Unknown' as country_name,
    cast(null as string) as iso2,
    cast(null as string) as iso3,
    cast(null as string) as iso_numeric,
    cast(null as string) as region,
    cast(null as string) as subregion,
    cast(null as string) as intermediate_region,
    '?' as country_code,
    false as is_country,
    false as is_past_state
),

countries as (
  select * from members
  union all
  select * from unknown_member
)

select * from countries
