-- A genre of a rated IMDb title.
-- materialized: table
with

imdb_titles as (
  select * from dim_imdb_title
),

-- A title without a genre has an unknown one, so that weighted totals lose no title.
listed as (
  select distinct t.imdb_title_key, u.genre_name
  from imdb_titles as t, lateral explode(split_list(coalesce(t.genres, 'Unknown'))) as u(genre_name)
  where u.genre_name <> ''
),

completed as (
  select t.imdb_title_key, coalesce(l.genre_name, 'Unknown') as genre_name
  from imdb_titles as t
  left join listed as l on l.imdb_title_key = t.imdb_title_key
),

genres_of_title as (
  select
    imdb_title_key,
    genre_name,
    cast(1 as double) / count(*) over (partition by imdb_title_key) as weight
  from completed
)

select * from genres_of_title
