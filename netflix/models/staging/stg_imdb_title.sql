-- A title as IMDb delivers it.
-- materialized: view
with

delivered as (
  select * from raw.imdb_title_basics
),

titles as (
  select
    tconst as imdb_id,
    title_type as imdb_type,
    primary_title,
    original_title,
    is_adult = '1' as is_adult,
    try_cast(start_year as int) as start_year,
    try_cast(end_year as int) as end_year,
    try_cast(runtime_minutes as int) as runtime_minutes,
    blank_words(genres) as genres,
    _object,
    _line,
    _drop
  from delivered
)

select * from titles
