-- A country that a title names, in the order of the cell.
-- materialized: table
with

titles as (
  select * from int_title_version
),

country_names as (
  select * from int_country_name
),

listed as (
  select t.title_key, u.pos, u.part, fold(u.part) as part_folded
  from titles as t, lateral posexplode(split_list(t.country)) as u(pos, part)
),

-- "Korea, Republic of" is one country: the two parts are a known name, and the second alone is none.
inverted as (
  select l.title_key, l.pos, l.part || ', ' || n.part as country_name, w.country_key
  from listed as l
  inner join listed as n on n.title_key = l.title_key and n.pos = l.pos + 1
  inner join country_names as w on w.name_folded = l.part_folded || ' ' || n.part_folded
  left join country_names as a on a.name_folded = n.part_folded
  where a.country_key is null
),

countries_of_titles as (
  select
    l.title_key,
    l.pos,
    coalesce(i.country_name, l.part) as country_name,
    coalesce(i.country_key, n.country_key) as country_key
  from listed as l
  left join inverted as i on i.title_key = l.title_key and i.pos = l.pos
  left join inverted as before on before.title_key = l.title_key and before.pos = l.pos - 1
  left join country_names as n on n.name_folded = l.part_folded
  where before.pos is null
)

select * from countries_of_titles
