-- The weekly Top 10. Only the worldwide list counts hours; a week is told by its Monday.
with
seen as (
  select
    strptime(f.week_key::varchar, '%Y%m%d')::date - 6 as week, f.title_key, f.hours_viewed, f.show_title, f.category,
    if(starts_with(f.category, 'TV'), 'TV Show', 'Movie') as title_type, c.country_name as country, c.region
  from fct_viewing_week as f, dim_country as c
  where c.country_key = f.country_key and f.country_key <> -1
),
listed as (
  select b.title_key, b.weight, if(b.genre_key = -1, null, g.genre_name) as genre
  from bridge_title_genre as b, dim_genre as g where g.genre_key = b.genre_key
)

-- metric: hours_viewed weeks_in_top10 titles_in_top10
select sum(hours_viewed) as hours_viewed, count(*) as weeks_in_top10,
  (select count(*) from (select distinct show_title, title_type from seen)) as titles_in_top10
from seen

-- metric: hours_viewed weeks_in_top10 titles_in_top10 --by category --totals
select coalesce(category, '(total)') as category, sum(hours_viewed) as hours_viewed, count(*) as weeks_in_top10,
  count(distinct show_title || '|' || title_type) as titles_in_top10
from seen group by rollup (category)

-- metric: hours_viewed weeks_in_top10 titles_in_top10 --by week --where "date from 2023-01 to 2023-06"
select week, sum(hours_viewed) as hours_viewed, count(*) as weeks_in_top10,
  count(distinct show_title || '|' || title_type) as titles_in_top10
from seen where week between '2023-01-01' and '2023-06-30' group by week

-- metric: weeks_in_top10 titles_in_top10 --by country,title_type
select country, title_type, count(*) as weeks_in_top10, count(distinct show_title) as titles_in_top10
from seen group by all

-- metric: hours_viewed weeks_in_top10 titles_in_top10 --by genre
select genre, sum(hours_viewed * weight) as hours_viewed, sum(weight) as weeks_in_top10,
  count(distinct show_title || '|' || title_type) as titles_in_top10
from seen join listed using (title_key) group by genre

-- metric: hours_viewed weeks_in_top10 titles_in_top10 --by genre,title_type --overlapping --totals
select genre, title_type, sum(hours_viewed) as hours_viewed, count(*) as weeks_in_top10,
  count(distinct show_title) as titles_in_top10
from seen join listed using (title_key) group by all
union all
select '(total)', null, sum(hours_viewed), count(*), count(distinct show_title || '|' || title_type) from seen

-- metric: hours_viewed weeks_in_top10 --by region --where "genre != Dramas"
select region, sum(hours_viewed) as hours_viewed, count(*) as weeks_in_top10
from seen as s where not exists (from listed as l where l.title_key = s.title_key and l.genre = 'Dramas')
group by region

-- metric: hours_viewed --last week --compare year
select sum(hours_viewed) filter (where week = newest) as hours_viewed,
  sum(hours_viewed) filter (where week = newest - 364) as hours_viewed__before
from seen, (select max(week) as newest from seen)

-- metric: hours_viewed --by in_catalogue
select title_key <> -1 as in_catalogue, sum(hours_viewed) as hours_viewed from seen group by 1

-- metric: hours_viewed titles_in_top10 --by watched_title --top 5 --totals
with highest as (
  select show_title from seen group by show_title order by sum(hours_viewed) desc nulls last, show_title limit 5
)
select if(show_title in (from highest), show_title, '(other)') as watched_title, sum(hours_viewed) as hours_viewed,
  count(distinct show_title || '|' || title_type) as titles_in_top10
from seen group by 1
union all
select '(total)', sum(hours_viewed), count(distinct show_title || '|' || title_type) from seen
