-- The directors and writers of an IMDb title, each a list of person numbers in one cell.
-- materialized: view
with

delivered as (
  select * from raw.imdb_title_crew
),

crews as (
  select
    tconst as imdb_id,
    directors,
    writers,
    _object,
    _line,
    _drop
  from delivered
)

select * from crews
