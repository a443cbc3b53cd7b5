-- A title of the catalogue in the newest drop.
-- materialized: table
with

titles as (
  select * from int_title_version where is_current
),

matches as (
  select * from int_title_match
),

imdb_titles as (
  select * from dim_imdb_title
),

newest_drop as (
  select max(_drop) as drop_date from int_title_identity
),

viewings as (
  select * from stg_netflix_top10_global
),

-- Hours over all weeks in the Top 10, the seasons of a show together.
viewed as (
  select title_folded, title_type, sum(hours_viewed) as hours_viewed
  from viewings
  group by title_folded, title_type
),

facts as (
  select
    t.title_key,
    coalesce(year(t.date_added) * 10000 + month(t.date_added) * 100 + day(t.date_added), -1)
      as date_added_key,
    coalesce(i.imdb_title_key, -1) as imdb_title_key,
    i.average_rating as imdb_rating,
    i.vote_count as imdb_votes,
    i.weighted_rating,
    case when year(t.date_added) >= t.release_year
      then days_between(make_date(t.release_year, 1, 1), t.date_added) end as days_to_platform,
    year(d.drop_date) - t.release_year as content_age_years,
    v.hours_viewed as hours_viewed_top10
  from titles as t
  cross join newest_drop as d
  left join matches as m on m.title_entity = t.title_entity
  left join imdb_titles as i on i.imdb_id = m.imdb_id
  left join viewed as v on v.title_folded = t.title_folded and v.title_type = t.title_type
)

select * from facts
