-- An IMDb title that is rated, or that bears the name of a catalogue title.
-- materialized: table
with

imdb_titles as (
  select * from stg_imdb_title
),

ratings as (
  select * from stg_imdb_rating
),

catalogue_names as (
  select distinct title_folded from int_title_version where is_newest
),

newest_ratings as (
  select imdb_id, average_rating, vote_count
  from (
    select
      r.*,
      max(_drop) over () as newest_drop,
      row_number() over (partition by imdb_id order by _drop desc, _object, _line) as copy
    from ratings as r
  ) as r
  where copy = 1 and _drop = newest_drop
),

-- Folding is the costly step: episodes, three quarters of IMDb, are spared it.
folded as (
  select
    t.*,
    case when imdb_type not in ('tvEpisode', 'videoGame', 'tvPilot') then fold(primary_title) end
      as primary_folded,
    case when imdb_type not in ('tvEpisode', 'videoGame', 'tvPilot') and original_title <> primary_title
      then fold(original_title) end as original_folded
  from imdb_titles as t
),

kept as (
  select
    f.*,
    r.average_rating,
    r.vote_count,
    p.title_folded is not null or o.title_folded is not null as is_namesake
  from folded as f
  left join newest_ratings as r on r.imdb_id = f.imdb_id
  left join catalogue_names as p on p.title_folded = f.primary_folded
  left join catalogue_names as o on o.title_folded = f.original_folded
  where r.imdb_id is not null or p.title_folded is not null or o.title_folded is not null
),

-- Of a title delivered more than once the newest record counts, and none of an older drop.
ranked as (
  select
    k.*,
    max(_drop) over () as newest_drop,
    row_number() over (partition by imdb_id order by _drop desc, _object, _line) as copy
  from kept as k
),

titles as (
  select
    imdb_id,
    imdb_type,
    primary_title,
    original_title,
    start_year,
    end_year,
    runtime_minutes,
    genres,
    average_rating,
    vote_count,
    primary_folded,
    original_folded,
    is_namesake
  from ranked
  where copy = 1 and _drop = newest_drop
)

select * from titles
