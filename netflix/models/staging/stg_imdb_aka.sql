-- A name under which an IMDb title goes somewhere.
-- materialized: view
with

delivered as (
  select * from raw.imdb_title_akas
),

names as (
  select
    title_id as imdb_id,
    try_cast(ordering as int) as ordinal,
    title,
    region,
    language,
    types,
    attributes,
    is_original_title = '1' as is_original_title,
    _object,
    _line,
    _drop
  from delivered
)

select * from names
