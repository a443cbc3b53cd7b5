-- A row is a title in one of a country's two lists of a week.
-- writes: raw/netflix_top10_countries/drop=2024-06-30/all-weeks-countries.tsv
copy (
  with countries as (
    select unnest(range(1, getvariable('chart_countries') + 1)) as country_no,
      unnest(getvariable('chart_markets')[1:getvariable('chart_countries')]) as market
  ),
  ranked as (
    select split_part(market, '/', 1) as country_name, split_part(market, '/', 2) as country_iso2,
      week, if(is_series, 'TV', 'Films') as category, title as show_title, season_title, k,
      row_number() over (partition by country_no, week, is_series
        -- A country has its own taste, and it is the same every week.
        order by hours * exp(0.9 * normal(thing('chart', k * 1000 + 500 + country_no), 2)) desc, k)
          as weekly_rank
    from watched_week cross join countries
    qualify weekly_rank <= 10
  )
  select country_name, country_iso2, week, category, weekly_rank, show_title, season_title,
    row_number() over (partition by country_iso2, category, k order by week)
      as cumulative_weeks_in_top_10
  from ranked
  order by country_name, week desc, category, weekly_rank
) to (getvariable('output')) (format csv, header, delim '\t', quote '', escape '');
