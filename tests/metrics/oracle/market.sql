-- The market: rated IMDb titles, held against the catalogue's matches.
with
rated as (
  select i.*, i.imdb_id in (select t.imdb_id from dim_title as t where t.is_current and t.imdb_id is not null) as held
  from dim_imdb_title as i where i.imdb_title_key <> -1
)

-- metric: market_titles held_titles coverage market_votes held_votes vote_coverage market_rating
select count(*) as market_titles, count(*) filter (where held) as held_titles, avg(if(held, 1, 0)) as coverage,
  sum(vote_count) as market_votes, sum(if(held, vote_count, 0)) as held_votes,
  sum(if(held, vote_count, 0)) / sum(vote_count) as vote_coverage, avg(average_rating) as market_rating
from rated

-- metric: market_titles held_titles coverage market_votes held_votes vote_coverage market_rating --by market_type --totals
select coalesce(imdb_type, '(total)') as market_type, count(*) as market_titles, count(*) filter (where held) as held_titles,
  avg(if(held, 1, 0)) as coverage, sum(vote_count) as market_votes, sum(if(held, vote_count, 0)) as held_votes,
  sum(if(held, vote_count, 0)) / sum(vote_count) as vote_coverage,
  avg(average_rating) as market_rating
from rated group by rollup (imdb_type)

-- metric: market_titles held_titles market_votes held_votes vote_coverage market_rating coverage --by market_decade,is_in_catalogue --where "market_type = movie"
select start_year - start_year % 10 as market_decade, held as is_in_catalogue, count(*) as market_titles,
  count(*) filter (where held) as held_titles, sum(if(held, vote_count, 0)) as held_votes,
  sum(if(held, vote_count, 0)) / sum(vote_count) as vote_coverage,
  sum(vote_count) as market_votes, avg(average_rating) as market_rating, avg(if(held, 1, 0)) as coverage
from rated where imdb_type = 'movie' group by all

-- metric: market_titles held_titles --by vote_band
select case when vote_count >= 100000 then '100,000 and more' when vote_count >= 10000 then '10,000 to 99,999'
    when vote_count >= 1000 then '1,000 to 9,999' when vote_count >= 100 then '100 to 999' else 'under 100' end as vote_band,
  count(*) as market_titles, count(*) filter (where held) as held_titles
from rated group by 1

-- metric: market_titles --by market_rating_band --where "market_decade from 1990 to 2010"
select case when average_rating < 4 then 'under 4' else format('{} to {}', least(trunc(average_rating)::int, 9),
    least(trunc(average_rating)::int, 9) + 1) end as market_rating_band, count(*) as market_titles
from rated where start_year between 1990 and 2019 group by 1
