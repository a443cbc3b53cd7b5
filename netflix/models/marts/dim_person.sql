-- A person credited on a title of the catalogue, as director or actor.
-- materialized: table
with

credits as (
  select * from int_title_credit
),

matches as (
  select * from int_person_match
),

spellings as (
  select name_folded, person_name, count(*) as mentions
  from credits
  group by name_folded, person_name
),

names as (
  select name_folded, person_name
  from (
    select s.*, row_number() over (partition by name_folded order by mentions desc, person_name) as choice
    from spellings as s
  ) as s
  where choice = 1
),

people as (
  select
    surrogate_key(n.name_folded) as person_key,
    n.person_name,
    m.imdb_id,
    m.birth_year,
    m.death_year,
    m.title_count as imdb_title_count
  from names as n
  left join matches as m on m.name_folded = n.name_folded
  union all
  select
    cast(-1 as bigint) as person_key,
    'Unknown' as person_name,
    cast(null as string) as imdb_id,
    cast(null as int) as birth_year,
    cast(null as int) as death_year,
    cast(null as int) as imdb_title_count
)

select * from people
