-- A country of production of a title.
-- materialized: table
with

titles as (
  select * from int_title_version
),

country_names as (
  select * from int_country_name
),

listed as (
  select t.title_key, u.pos, fold(u.country_name) as name_folded
  from titles as t, lateral posexplode(split_list(t.country)) as u(pos, country_name)
),

-- Names that nobody knows are one unknown country, and so is a blank cell.
recognised as (
  select t.title_key, coalesce(n.country_key, -1) as country_key, min(l.pos) as pos
  from titles as t
  left join listed as l on l.title_key = t.title_key
  left join country_names as n on n.name_folded = l.name_folded
  group by t.title_key, coalesce(n.country_key, -1)
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
