-- A title of the catalogue as known between two drops.
-- materialized: table
with

versions as (
  select * from int_title_version
),

matches as (
  select * from int_title_match
),

known as (
  select
    v.title_key,
    v.show_id,
    v.title,
    v.title_type,
    v.release_year,
    v.date_added,
    v.maturity_rating,
    v.duration_minutes,
    v.season_count,
    v.description,
    m.imdb_id,
    m.match_method,
    m.match_confidence,
    v.title_folded,
    v.valid_from,
    v.valid_to,
    v.is_current,
    v.listing
  from versions as v
  left join matches as m on m.title_entity = v.title_entity
),

unknown as (
  select
    cast(-1 as bigint) as title_key,
    cast(null as string) as show_id,
    'Unknown' as title,
    'Unknown' as title_type,
    cast(null as int) as release_year,
    cast(null as date) as date_added,
    cast(null as string) as maturity_rating,
    cast(null as int) as duration_minutes,
    cast(null as int) as season_count,
    cast(null as string) as description,
    cast(null as string) as imdb_id,
    cast(null as string) as match_method,
    cast(null as double) as match_confidence,
    cast(null as string) as title_folded,
    date '1900-01-01' as valid_from,
    date '9999-12-31' as valid_to,
    false as is_current,
    cast(null as string) as listing
),

titles as (
  select * from known
  union all
  select * from unknown
)

select * from titles
