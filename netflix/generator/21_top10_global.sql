-- A row is a title in one of the four worldwide lists of a week, the newest week first.
-- writes: raw/netflix_top10_global/drop=2024-06-30/all-weeks-global.tsv
copy (
  with listed as (
    select *, if(is_series, 'TV', 'Films')
      || if(is_english, ' (English)', ' (Non-English)') as category
    from watched_week
    where rank_worldwide <= 10
  )
  select week, category, rank_worldwide as weekly_rank, title as show_title, season_title,
    hours as weekly_hours_viewed, runtime, views as weekly_views,
    row_number() over (partition by category, k order by week) as cumulative_weeks_in_top_10
  from listed
  order by week desc, category, weekly_rank
) to (getvariable('output')) (format csv, header, delim '\t', quote '', escape '');
