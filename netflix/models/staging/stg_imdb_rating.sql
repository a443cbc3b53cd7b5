-- The rating of an IMDb title as delivered in one drop.
-- materialized: table
with

delivered as (
  select * from raw.imdb_title_ratings
),

ratings as (
  select
    tconst as imdb_id,
    try_cast(average_rating as double) as average_rating,
    try_cast(num_votes as bigint) as vote_count,
    tconst as _was_tconst,
    average_rating as _was_average_rating,
    num_votes as _was_num_votes,
    _object,
    _line,
    _drop
  from delivered
)

select * from ratings
