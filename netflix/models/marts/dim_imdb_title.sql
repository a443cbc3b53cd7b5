-- A rated IMDb title: the market that the catalogue is held against.
-- materialized: table
with

imdb_titles as (
  select * from int_imdb_title where average_rating is not null
),

matches as (
  select * from int_title_match
),

current_titles as (
  select * from int_title_version where is_current
),

-- Weighted as IMDb's own Top 250: m = 25,000 votes, C = the mean rating of all rated titles.
market as (
  select avg(average_rating) as mean_rating, cast(25000 as double) as votes_required from imdb_titles
),

catalogue as (
  select distinct m.imdb_id
  from matches as m
  join current_titles as t on t.title_entity = m.title_entity
),

rated as (
  select
    case
      when length(i.imdb_id) > 9 and i.imdb_id like 'tt0%' then surrogate_key(i.imdb_id)
      else cast(substr(i.imdb_id, 3) as bigint)
    end as imdb_title_key,
    i.imdb_id,
    i.primary_title,
    i.original_title,
    i.imdb_type,
    i.start_year,
    i.end_year,
    i.runtime_minutes,
    i.genres,
    i.average_rating,
    i.vote_count,
    case
      when i.average_rating < 4 then 'under 4'
      when i.average_rating < 5 then '4 to 5'
      when i.average_rating < 6 then '5 to 6'
      when i.average_rating < 7 then '6 to 7'
      when i.average_rating < 8 then '7 to 8'
      when i.average_rating < 9 then '8 to 9'
      else '9 to 10'
    end as rating_band,
    case
      when i.vote_count < 100 then 'under 100'
      when i.vote_count < 1000 then '100 to 999'
      when i.vote_count < 10000 then '1,000 to 9,999'
      when i.vote_count < 100000 then '10,000 to 99,999'
      else '100,000 and more'
    end as vote_band,
    (i.vote_count * i.average_rating + k.votes_required * k.mean_rating) / (i.vote_count + k.votes_required)
      as weighted_rating,
    c.imdb_id is not null as is_in_catalogue
  from imdb_titles as i
  cross join market as k
  left join catalogue as c on c.imdb_id = i.imdb_id
),

unknown as (
  select
    cast(-1 as bigint) as imdb_title_key,
    cast(null as string) as imdb_id,
    'Unknown' as primary_title,
    cast(null as string) as original_title,
    cast(null as string) as imdb_type,
    cast(null as int) as start_year,
    cast(null as int) as end_year,
    cast(null as int) as runtime_minutes,
    cast(null as string) as genres,
    cast(null as double) as average_rating,
    cast(null as bigint) as vote_count,
    'Unknown' as rating_band,
    'Unknown' as vote_band,
    cast(null as double) as weighted_rating,
    false as is_in_catalogue
),

titles as (
  select * from rated
  union all
  select * from unknown
)

select * from titles
