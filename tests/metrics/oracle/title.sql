-- The catalogue of the newest drop. What IMDb says is read from the matched title, hours from the weekly
-- lists, the days to the service from 1 January of the year of release.
with
hours as (
  select title_key, sum(hours_viewed) as hours from fct_viewing_week
  where title_key <> -1 and hours_viewed is not null group by title_key
),
shelf as (
  select
    t.*, i.average_rating as rating, i.weighted_rating as weighted, i.vote_count as votes, h.hours,
    f.content_age_years as content_age, date_trunc('month', t.date_added)::date as month,
    if(year(t.date_added) >= t.release_year, date_diff('day', make_date(t.release_year, 1, 1), t.date_added), null) as days,
    i.imdb_id is not null as rated
  from fct_title as f
  join dim_title as t on t.title_key = f.title_key
  left join dim_imdb_title as i on i.imdb_id = t.imdb_id
  left join hours as h on h.title_key = f.title_key
),
genres as (
  select b.title_key, b.weight, if(b.genre_key = -1, null, g.genre_name) as genre
  from bridge_title_genre as b, dim_genre as g where g.genre_key = b.genre_key
),
people as (
  select b.title_key, b.role, if(b.person_key = -1, null, p.person_name) as name, sum(b.weight) as weight
  from bridge_title_person as b, dim_person as p where p.person_key = b.person_key group by all
),
countries as (
  select b.title_key, b.weight, if(b.country_key = -1, null, c.country_name) as country, c.region, c.subregion,
    c.iso_numeric
  from bridge_title_country as b, dim_country as c where c.country_key = b.country_key
)

-- metric: titles movies tv_shows share_of_movies votes hours mean_rating mean_weighted_rating rated_titles match_rate
select count(*) as titles, count(*) filter (where title_type = 'Movie') as movies,
  count(*) filter (where title_type = 'TV Show') as tv_shows, avg(if(title_type = 'Movie', 1, 0)) as share_of_movies,
  sum(votes) as votes, sum(hours) as hours, avg(rating) as mean_rating, avg(weighted) as mean_weighted_rating,
  count(*) filter (where rated) as rated_titles, avg(if(rated, 1, 0)) as match_rate
from shelf

-- metric: median_days_to_platform mean_content_age
select median(days) as median_days_to_platform, avg(content_age) as mean_content_age from shelf

-- metric: titles movies tv_shows share_of_movies votes hours mean_rating mean_weighted_rating rated_titles match_rate median_days_to_platform mean_content_age --by month
select month, count(*) as titles, count(*) filter (where title_type = 'Movie') as movies,
  count(*) filter (where title_type = 'TV Show') as tv_shows, avg(if(title_type = 'Movie', 1, 0)) as share_of_movies,
  sum(votes) as votes, sum(hours) as hours, avg(rating) as mean_rating, avg(weighted) as mean_weighted_rating,
  count(*) filter (where rated) as rated_titles, avg(if(rated, 1, 0)) as match_rate,
  median(days) as median_days_to_platform, avg(content_age) as mean_content_age
from shelf group by month

-- metric: titles votes median_days_to_platform --by quarter,title_type
select date_trunc('quarter', date_added)::date as quarter, title_type, count(*) as titles, sum(votes) as votes,
  median(days) as median_days_to_platform
from shelf group by all

-- metric: titles movies tv_shows votes hours mean_rating mean_weighted_rating rated_titles median_days_to_platform mean_content_age --by maturity_rating,title_type
select maturity_rating, title_type, count(*) as titles, count(*) filter (where title_type = 'Movie') as movies,
  count(*) filter (where title_type = 'TV Show') as tv_shows, sum(votes) as votes, sum(hours) as hours,
  avg(rating) as mean_rating, avg(weighted) as mean_weighted_rating, count(*) filter (where rated) as rated_titles,
  median(days) as median_days_to_platform, avg(content_age) as mean_content_age
from shelf group by all

-- metric: titles movies tv_shows share_of_movies votes hours mean_rating mean_weighted_rating rated_titles match_rate median_days_to_platform mean_content_age --by genre
select genre, sum(weight) as titles, coalesce(sum(weight) filter (where title_type = 'Movie'), 0) as movies,
  coalesce(sum(weight) filter (where title_type = 'TV Show'), 0) as tv_shows,
  sum(if(title_type = 'Movie', weight, 0)) / sum(weight) as share_of_movies, sum(votes * weight) as votes,
  sum(hours * weight) as hours, sum(rating * weight) / sum(weight) filter (where rating is not null) as mean_rating,
  sum(weighted * weight) / sum(weight) filter (where weighted is not null) as mean_weighted_rating,
  coalesce(sum(weight) filter (where rated), 0) as rated_titles, sum(if(rated, weight, 0)) / sum(weight) as match_rate,
  median(days) as median_days_to_platform,
  sum(content_age * weight) / sum(weight) filter (where content_age is not null) as mean_content_age
from shelf join genres using (title_key) group by genre

-- metric: titles movies tv_shows share_of_movies votes hours mean_rating mean_weighted_rating rated_titles match_rate median_days_to_platform mean_content_age --by genre --overlapping --totals
select if(grouping(genre) = 1, '(total)', genre) as genre, count(distinct title_key) as titles,
  count(distinct title_key) filter (where title_type = 'Movie') as movies,
  count(distinct title_key) filter (where title_type = 'TV Show') as tv_shows,
  count(distinct title_key) filter (where title_type = 'Movie') / count(distinct title_key) as share_of_movies,
  if(grouping(genre) = 1, (select sum(votes) from shelf), sum(votes)) as votes,
  if(grouping(genre) = 1, (select sum(hours) from shelf), sum(hours)) as hours,
  if(grouping(genre) = 1, (select avg(rating) from shelf), avg(rating)) as mean_rating,
  if(grouping(genre) = 1, (select avg(weighted) from shelf), avg(weighted)) as mean_weighted_rating,
  count(distinct title_key) filter (where rated) as rated_titles,
  count(distinct title_key) filter (where rated) / count(distinct title_key) as match_rate,
  if(grouping(genre) = 1, (select median(days) from shelf), median(days)) as median_days_to_platform,
  if(grouping(genre) = 1, (select avg(content_age) from shelf), avg(content_age)) as mean_content_age
from shelf join genres using (title_key) group by rollup (genre)

-- metric: titles votes hours mean_rating --by director
select name as director, sum(weight) as titles, sum(votes * weight) as votes, sum(hours * weight) as hours,
  sum(rating * weight) / sum(weight) filter (where rating is not null) as mean_rating
from shelf join people using (title_key) where role = 'director' group by name

-- metric: titles votes median_days_to_platform --by actor --overlapping
select name as actor, count(*) as titles, sum(votes) as votes, median(days) as median_days_to_platform
from shelf join people using (title_key) where role = 'actor' group by name

-- metric: titles votes share_of_movies --by genre,actor --where "title_type = Movie"
select genre, name as actor, sum(g.weight * p.weight) as titles, sum(g.weight * p.weight * votes) as votes,
  1 as share_of_movies
from shelf as s join genres as g using (title_key) join people as p on p.title_key = s.title_key and p.role = 'actor'
where title_type = 'Movie' group by all

-- metric: titles votes --by production_region --totals
select region as production_region, sum(weight) as titles, sum(votes * weight) as votes
from shelf join countries using (title_key) group by region
union all
select '(total)', count(*), sum(votes) from shelf

-- metric: titles --by production_region,production_subregion,production_country
select region as production_region, subregion as production_subregion, country as production_country,
  sum(weight) as titles
from shelf join countries using (title_key) group by all

-- metric: titles --by co_production
select case when n = 0 then null when n = 1 then 'one country' when n = 2 then 'two countries' else 'three and more' end
  as co_production, count(*) as titles
from shelf join (select title_key, count(country) as n from countries group by title_key) using (title_key) group by 1

-- metric: titles movies tv_shows share_of_movies votes hours mean_rating mean_weighted_rating rated_titles match_rate median_days_to_platform mean_content_age --by year_added --where "genre in Dramas, Comedies"
select year(date_added) as year_added, count(*) as titles, count(*) filter (where title_type = 'Movie') as movies,
  count(*) filter (where title_type = 'TV Show') as tv_shows, avg(if(title_type = 'Movie', 1, 0)) as share_of_movies,
  sum(votes) as votes, sum(hours) as hours, avg(rating) as mean_rating, avg(weighted) as mean_weighted_rating,
  count(*) filter (where rated) as rated_titles, avg(if(rated, 1, 0)) as match_rate,
  median(days) as median_days_to_platform, avg(content_age) as mean_content_age
from shelf where title_key in (select title_key from genres where genre in ('Dramas', 'Comedies')) group by 1

-- metric: titles movies --by release_decade --where "genre = Dramas and genre = 'International Movies'"
select release_year - release_year % 10 as release_decade, count(*) as titles,
  count(*) filter (where title_type = 'Movie') as movies
from shelf
where title_key in (select title_key from genres where genre = 'Dramas')
  and title_key in (select title_key from genres where genre = 'International Movies')
group by 1

-- metric: titles votes --by genre --where "genre != Dramas" --where "production_country = 'United States'"
select genre, sum(weight) as titles, sum(weight * votes) as votes
from shelf join genres using (title_key)
where title_key not in (select title_key from genres where genre = 'Dramas')
  and title_key in (select title_key from countries where country = 'United States')
group by genre

-- metric: titles --by rating_band,is_matched
select case when rating < 4 then 'under 4' when rating is not null then format('{} to {}', least(trunc(rating)::int, 9),
    least(trunc(rating)::int, 9) + 1) end as rating_band, imdb_id is not null as is_matched, count(*) as titles
from shelf group by all

-- metric: titles mean_content_age --by content_age_band
select case when content_age >= 20 then '20 years and more' when content_age >= 10 then '10 to 19 years'
    when content_age >= 5 then '5 to 9 years' when content_age >= 2 then '2 to 4 years'
    when content_age is not null then 'under 2 years' end as content_age_band,
  count(*) as titles, avg(content_age) as mean_content_age
from shelf group by 1

-- metric: titles --by release_year --where "title ~ the and release_year from 2015 to 2023"
select release_year, count(*) as titles from shelf
where title ilike '%the%' and release_year between 2015 and 2023 group by release_year

-- metric: titles votes --by title_type --where "date from 2021 to 2021" --compare year
select title_type, count(*) filter (where year(date_added) = 2021) as titles,
  count(*) filter (where year(date_added) = 2020) as titles__before,
  sum(votes) filter (where year(date_added) = 2021) as votes,
  sum(votes) filter (where year(date_added) = 2020) as votes__before
from shelf group by title_type having titles > 0

-- metric: votes titles mean_rating median_days_to_platform --by genre --top 3 --totals
with highest as (
  select genre from shelf join genres using (title_key) group by genre order by sum(votes * weight) desc nulls last, genre
  limit 3
),
ranked as (
  select s.title_key, if(g.genre in (from highest), g.genre, '(other)') as genre, any_value(s.votes) as votes,
    any_value(s.rating) as rating, any_value(s.days) as days, sum(g.weight) as weight
  from shelf as s join genres as g using (title_key) group by all
)
select genre, sum(votes * weight) as votes, sum(weight) as titles,
  sum(rating * weight) / sum(weight) filter (where rating is not null) as mean_rating,
  median(days) as median_days_to_platform
from ranked group by genre
union all
select '(total)', sum(votes), count(*), avg(rating), median(days) from shelf

-- metric: votes --by actor --top 4 --overlapping
with highest as (
  select name from shelf join people using (title_key) where role = 'actor' group by name
  order by sum(votes) desc nulls last, name limit 4
)
select name as actor, sum(votes) as votes
from (
  select distinct title_key, votes,
    if(exists (from highest as h where h.name is not distinct from p.name), p.name, '(other)') as name
  from shelf join people as p using (title_key) where role = 'actor')
group by name
