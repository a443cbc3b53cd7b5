-- A person's credit on an IMDb title.
-- materialized: view
with

delivered as (
  select * from raw.imdb_title_principals
),

credits as (
  select
    tconst as imdb_id,
    try_cast(ordering as int) as ordinal,
    nconst as person_imdb_id,
    category,
    job,
    characters,
    _object,
    _line,
    _drop
  from delivered
)

select * from credits
