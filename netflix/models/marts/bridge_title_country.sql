-- A country of production of a title.
-- materialized: table
with

titles as (
  select * from int_title_version
),

listed as (
  select * from int_title_country
),

-- Names that nobody knows are one unknown country, and so is a blank cell.
recognised as (
  select t.title_key, coalesce(l.country_key, -1) as country_key, min(l.pos) as pos
  from titles as t
  left join listed as l on l.title_key = t.title_key
  group by t.title_key, coalesce(l.country_key, -1)
),

countries_of_title as (
  select
    title_key,
    country_key,
    cast(row_number() over (partition by title_key order by pos) as int) as ordinal,
    case
      when country_key = -1 then null
      when count(*) over (partition by title_key) = 1 then 'one country'
      when count(*) over (partition by title_key) = 2 then 'two countries'
      else 'three and more'
    end as co_production,
    cast(1 as double) / count(*) over (partition by title_key) as weight
  from recognised
)

select * from countries_of_title
