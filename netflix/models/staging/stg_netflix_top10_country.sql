-- A rank of a category in one week of a country's Top 10, as delivered in one drop.
-- materialized: table
with

delivered as (
  select * from raw.netflix_top10_countries
),

country_names as (
  select * from int_country_name
),

cleaned as (
  select
    *,
    blank_words(clean_text(country_name)) as country_text,
    clean_text(country_iso2) as iso2_text,
    clean_text(week) as week_text,
    blank_words(clean_text(category)) as category_text,
    clean_text(weekly_rank) as rank_text,
    clean_text(show_title) as show_text,
    clean_text(season_title) as season_text,
    clean_text(cumulative_weeks_in_top_10) as weeks_text
  from delivered
),

typed as (
  select
    *,
    date_by(week_text, _convention, 'week') as week_date,
    try_cast(whole_number(rank_text) as integer) as rank_number,
    try_cast(whole_number(weeks_text) as integer) as weeks
  from cleaned
),

numbered as (
  select
    *,
    row_number() over (
      partition by _drop, coalesce(iso2_text, country_text), week_date, category_text, rank_number,
        show_text, season_text
      order by _object, _line) as delivery
  from typed
),

country_ranks as (
  select
    coalesce(c.country_name, i.country_name, n.country_text, n.iso2_text) as country_name,
    coalesce(c.country_key, i.country_key, -1) as country_key,
    n.week_date,
    n.category_text as category,
    n.rank_number as weekly_rank,
    n.show_text as show_title,
    fold(n.show_text) as title_folded,
    case when n.category_text like 'TV%' then 'TV Show' when n.category_text like 'Film%' then 'Movie' end
      as title_type,
    blank_name_words(n.season_text) as season_title,
    n.weeks as cumulative_weeks,
    n._drop as drop_date,
    n._object,
    n._line,
    n.week as _was_week,
    n.weekly_rank as _was_weekly_rank,
    case when n.show_title is distinct from n.show_text then n.show_title end as _was_show_title,
    case when n.season_title is distinct from n.season_text then n.season_title end as _was_season_title,
    n.delivery as _was_delivery
  from numbered as n
  left join country_names as c on fold(n.country_text) = c.name_folded
  left join country_names as i on lower(n.iso2_text) = i.name_folded
)

select * from country_ranks
