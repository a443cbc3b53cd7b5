-- A person as IMDb delivers them.
-- materialized: view
with

delivered as (
  select * from raw.imdb_name_basics
),

people as (
  select
    nconst as person_imdb_id,
    primary_name as person_name,
    try_cast(birth_year as int) as birth_year,
    try_cast(death_year as int) as death_year,
    primary_profession,
    known_for_titles,
    _object,
    _line,
    _drop
  from delivered
)

select * from people
