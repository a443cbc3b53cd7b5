-- A way of writing a country, folded for comparison.
-- materialized: table
with

countries as (
  select * from seed.country
),

aliases as (
  select * from seed.country_alias
),

spellings as (
  select country_name as spelling, country_code, 1 as preference from countries
  union all
  select alias as spelling, country_code, 2 as preference from aliases
  union all
  select iso2 as spelling, country_code, 3 as preference from countries where kind = 'country'
  union all
  select iso3 as spelling, country_code, 3 as preference from countries where kind = 'country'
  union all
  select country_code as spelling, country_code, 4 as preference from countries
),

ranked as (
  select
    fold(spelling) as name_folded,
    country_code,
    row_number() over (partition by fold(spelling) order by preference, country_code) as choice
  from spellings
  where spelling is not null
),

country_names as (
  select
    r.name_folded,
    surrogate_key('country ' || r.country_code) as country_key,
    c.country_name
  from ranked as r
  inner join countries as c on r.country_code = c.country_code
  where r.choice = 1
)

select * from country_names
