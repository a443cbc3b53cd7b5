-- A rank of a category in one week of the worldwide Top 10, as delivered in one drop.
-- materialized: table
with

delivered as (
  select * from raw.netflix_top10_global
),

cleaned as (
  select
    *,
    clean_text(week) as week_text,
    blank_words(clean_text(category)) as category_text,
    clean_text(weekly_rank) as rank_text,
    clean_text(show_title) as show_text,
    clean_text(season_title) as season_text,
    replace(clean_text(weekly_hours_viewed), ',', '') as hours_text,
    replace(clean_text(weekly_views), ',', '') as views_text,
    clean_text(runtime) as runtime_text,
    clean_text(cumulative_weeks_in_top_10) as weeks_text
  from delivered
),

typed as (
  select
    *,
    date_by(week_text, _convention, 'week') as week_date,
    try_cast(whole_number(rank_text) as integer) as rank_number,
    whole_number(hours_text) as hours,
    whole_number(views_text) as views,
    try_cast(runtime_text as double) as runtime_number,
    try_cast(whole_number(weeks_text) as integer) as weeks
  from cleaned
),

numbered as (
  select
    *,
    row_number() over (
      partition by _drop, week_date, category_text, rank_number, show_text, season_text
      order by _object, _line) as delivery
  from typed
),

global_ranks as (
  select
    week_date,
    category_text as category,
    rank_number as weekly_rank,
    show_text as show_title,
    fold(show_text) as title_folded,
    case when category_text like 'TV%' then 'TV Show' when category_text like 'Film%' then 'Movie' end
      as title_type,
    blank_name_words(season_text) as season_title,
    hours as hours_viewed,
    views as weekly_views,
    runtime_number as runtime_hours,
    weeks as cumulative_weeks,
    _drop as drop_date,
    _object,
    _line,
    week as _was_week,
    weekly_rank as _was_weekly_rank,
    weekly_hours_viewed as _was_hours,
    weekly_views as _was_views,
    case when show_title is distinct from show_text then show_title end as _was_show_title,
    case when season_title is distinct from season_text then season_title end as _was_season_title,
    delivery as _was_delivery
  from numbered
)

select * from global_ranks
