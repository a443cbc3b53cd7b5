-- A genre of a title.
-- materialized: table
with

titles as (
  select * from int_title_version
),

listed as (
  select distinct t.title_key, surrogate_key(fold(u.genre_name)) as genre_key
  from titles as t, lateral explode(split_list(t.listed_in)) as u(genre_name)
  where fold(u.genre_name) <> ''
),

-- A title without a genre has the unknown one, so that weighted totals lose no title.
completed as (
  select t.title_key, coalesce(l.genre_key, -1) as genre_key
  from titles as t
  left join listed as l on l.title_key = t.title_key
),

genres_of_title as (
  select
    title_key,
    genre_key,
    cast(1 as double) / count(*) over (partition by title_key) as weight
  from completed
)

select * from genres_of_title
