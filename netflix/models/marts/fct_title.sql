-- A title of the catalogue in the newest drop.
-- materialized: table
with

titles as (
  select * from int_title_version where listing = 'listed'
),

matches as (
  select * from int_title_match
),

imdb_titles as (
  select * from dim_imdb_title
),

viewings as (
  select * from fct_viewing_week
),

newest_drop as (
  select max(_drop) as drop_date from int_title_identity
),

-- Hours over all weeks in the worldwide Top 10, the seasons of a show together.
viewed as (
  select title_key, cast(sum(hours_viewed) as bigint) as hours_viewed
  from viewings
  where title_key <> -1 and hours_viewed is not null
  group by title_key
),

facts as (
  select
    t.title_key,
    coalesce(date_key(t.date_added), -1) as date_added_key,
    coalesce(i.imdb_title_key, -1) as imdb_title_key,
    i.average_rating as imdb_rating,
    i.rating_band,
    i.vote_count as imdb_votes,
    i.weighted_rating,
    case when year(t.date_added) >= t.release_year
      then cast(days_between(make_date(t.release_year, 1, 1), t.date_added) as int) end as days_to_platform,
    cast(year(d.drop_date) - t.release_year as int) as content_age_years,
    case
      when year(d.drop_date) - t.release_year < 2 then 'under 2 years'
      when year(d.drop_date) - t.release_year < 5 then '2 to 4 years'
      when year(d.drop_date) - t.release_year < 10 then '5 to 9 years'
      when year(d.drop_date) - t.release_year < 20 then '10 to 19 years'
      when year(d.drop_date) - t.release_year >= 20 then '20 years and more'
    end as content_age_band,
    v.hours_viewed as hours_viewed_top10
  from titles as t
  cross join newest_drop as d
  left join matches as m on m.title_entity = t.title_entity
  left join imdb_titles as i on i.imdb_id = m.imdb_id
  left join viewed as v on v.title_key = t.title_key
)

select * from facts
