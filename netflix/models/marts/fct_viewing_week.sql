-- A title's rank in one week of a Top 10 list, of a country or worldwide.
-- materialized: table
with

worldwide as (
  select * from stg_netflix_top10_global
),

by_country as (
  select * from stg_netflix_top10_country
),

world as (
  select country_key from dim_country where country_code = 'XWW'
),

catalogue as (
  select
    title_key,
    title,
    title_folded,
    title_type,
    release_year,
    duration_minutes
  from dim_title
  where is_current
),

-- A film's runtime in minutes, 0 where the list does not tell it.
ranks as (
  select
    w.country_key,
    g.week_date,
    g.category,
    g.weekly_rank,
    g.show_title,
    g.title_folded,
    g.title_type,
    g.season_title,
    case when g.title_type = 'Movie' and g.runtime_hours between 0 and 100
      then cast(round(g.runtime_hours * 60) as integer) else 0 end as film_minutes,
    g.hours_viewed,
    g.weekly_views,
    g.cumulative_weeks,
    g.drop_date
  from worldwide as g
  cross join world as w
  union all
  select
    country_key,
    week_date,
    category,
    weekly_rank,
    show_title,
    title_folded,
    title_type,
    season_title,
    0 as film_minutes,
    cast(null as bigint) as hours_viewed,
    cast(null as bigint) as weekly_views,
    cumulative_weeks,
    drop_date
  from by_country
),

-- Of a week that several drops deliver, the newest holds.
newest_drops as (
  select country_key, week_date, max(drop_date) as drop_date
  from ranks
  group by country_key, week_date
),

shows as (
  select distinct show_title, title_folded, title_type, film_minutes
  from ranks
  where title_folded <> ''
),

-- The same title to the letter first, then the newest release; never a film of another length.
candidates as (
  select
    s.show_title,
    s.title_type,
    s.film_minutes,
    c.title_key,
    row_number() over (
      partition by s.show_title, s.title_type, s.film_minutes
      order by case when s.show_title = c.title then 0 else 1 end, c.release_year desc, c.title_key
    ) as choice
  from shows as s
  inner join catalogue as c on s.title_folded = c.title_folded and s.title_type = c.title_type
  where s.film_minutes = 0 or c.duration_minutes is null or abs(s.film_minutes - c.duration_minutes) <= 1
),

viewing_weeks as (
  select
    coalesce(c.title_key, -1) as title_key,
    r.country_key,
    date_key(r.week_date) as week_key,
    r.category,
    r.weekly_rank,
    r.hours_viewed,
    r.cumulative_weeks,
    r.show_title,
    r.season_title,
    r.weekly_views
  from ranks as r
  inner join newest_drops as n
    on r.country_key = n.country_key and r.week_date = n.week_date and r.drop_date = n.drop_date
  left join candidates as c
    on r.show_title = c.show_title and r.title_type = c.title_type and r.film_minutes = c.film_minutes
    and c.choice = 1
)

select * from viewing_weeks
