-- A catalogue title that was found in IMDb.
-- materialized: table
with

catalogue as (
  select * from int_title_version where is_newest
),

namesakes as (
  select * from int_imdb_title where is_namesake
),

-- What a catalogue title may be in IMDb, likelier types first.
kinds as (
  select * from (values
    ('Movie', 'movie', 1), ('Movie', 'tvMovie', 1), ('Movie', 'video', 2), ('Movie', 'tvSpecial', 2),
    ('Movie', 'short', 2), ('Movie', 'tvShort', 2),
    ('TV Show', 'tvSeries', 1), ('TV Show', 'tvMiniSeries', 1), ('TV Show', 'tvSpecial', 2)
  ) as k(title_type, imdb_type, preference)
),

-- Precision of each method; int_title_match.yml says on what the figures rest.
methods as (
  select * from (values
    ('title+year', 0.99), ('title+year+votes', 0.87), ('title+year±1', 0.92), ('title+run', 0.99)
  ) as m(match_method, match_confidence)
),

names as (
  select imdb_id, primary_folded as title_folded from namesakes where primary_folded is not null
  union
  select imdb_id, original_folded as title_folded from namesakes where original_folded is not null
),

-- A show's year in the catalogue is its latest season's, so its run may have begun long before.
candidates as (
  select
    c.title_entity,
    i.imdb_id,
    abs(c.release_year - i.start_year) as years_apart,
    c.title_type = 'TV Show' and i.start_year < c.release_year as began_before,
    case when c.title_type = 'TV Show' and i.end_year < c.release_year - 1 then 1 else 0 end as had_ended,
    k.preference,
    coalesce(i.vote_count, 0) as vote_count
  from catalogue as c
  join names as n on n.title_folded = c.title_folded
  join namesakes as i on i.imdb_id = n.imdb_id
  join kinds as k on k.title_type = c.title_type and k.imdb_type = i.imdb_type
  where i.start_year <= c.release_year + 1
    and (c.title_type = 'TV Show' or i.start_year >= c.release_year - 1)
),

ranked as (
  select
    c.*,
    row_number() over (
      partition by title_entity
      order by had_ended, years_apart, preference, vote_count desc, length(imdb_id), imdb_id
    ) as choice,
    count(*) over (partition by title_entity, had_ended, years_apart, preference) as equals
  from candidates as c
),

chosen as (
  select
    title_entity,
    imdb_id,
    case
      when equals > 1 then 'title+year+votes'
      when years_apart = 0 then 'title+year'
      when began_before then 'title+run'
      else 'title+year±1'
    end as match_method
  from ranked
  where choice = 1
),

matches as (
  select
    c.title_entity,
    c.imdb_id,
    c.match_method,
    cast(m.match_confidence as double) as match_confidence
  from chosen as c
  join methods as m on m.match_method = c.match_method
)

select * from matches
