-- A genre of the catalogue.
-- materialized: table
with

titles as (
  select * from int_title_version
),

spellings as (
  select fold(u.genre_name) as name_folded, u.genre_name, count(*) as mentions
  from titles as t, lateral explode(split_list(t.listed_in)) as u(genre_name)
  group by fold(u.genre_name), u.genre_name
),

names as (
  select name_folded, genre_name
  from (
    select s.*, row_number() over (partition by name_folded order by mentions desc, genre_name) as choice
    from spellings as s
    where name_folded <> ''
  ) as s
  where choice = 1
),

genres as (
  select surrogate_key(name_folded) as genre_key, genre_name from names
  union all
  select cast(-1 as bigint) as genre_key, 'Unknown' as genre_name
)

select * from genres
