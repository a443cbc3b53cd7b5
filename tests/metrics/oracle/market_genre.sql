-- The market by IMDb's own genres: a title counts evenly for each of its genres.
with
rated as (
  select i.*, i.imdb_id in (select t.imdb_id from dim_title as t where t.is_current and t.imdb_id is not null) as held,
    list_distinct(str_split(i.genres, ',')) as names
  from dim_imdb_title as i where i.imdb_title_key <> -1
),
shared as (
  select r.*, u.name as market_genre, 1 / len(names) as share from rated as r, unnest(names) as u(name)
  union all
  select r.*, null, 1 from rated as r where names is null
)

-- metric: genre_titles genre_held genre_coverage genre_votes genre_held_votes genre_vote_coverage
select count(*) as genre_titles, count(*) filter (where held) as genre_held, avg(if(held, 1, 0)) as genre_coverage,
  sum(vote_count) as genre_votes, sum(if(held, vote_count, 0)) as genre_held_votes,
  sum(if(held, vote_count, 0)) / sum(vote_count) as genre_vote_coverage
from rated

-- metric: genre_titles genre_held genre_coverage genre_votes genre_held_votes genre_vote_coverage --by market_genre --totals
select if(grouping(market_genre) = 1, '(total)', market_genre) as market_genre, sum(share) as genre_titles,
  sum(if(held, share, 0)) as genre_held, sum(if(held, share, 0)) / sum(share) as genre_coverage,
  sum(vote_count * share) as genre_votes, sum(if(held, vote_count * share, 0)) as genre_held_votes,
  sum(if(held, vote_count * share, 0)) / sum(vote_count * share) as genre_vote_coverage
from shared group by rollup (market_genre)

-- metric: genre_titles genre_held genre_coverage genre_votes genre_held_votes genre_vote_coverage --by market_genre,market_type --where "market_genre != Drama" --where "market_decade from 2000"
select market_genre, imdb_type as market_type, sum(share) as genre_titles,
  sum(if(held, share, 0)) as genre_held, sum(if(held, share, 0)) / sum(share) as genre_coverage,
  sum(vote_count * share) as genre_votes, sum(if(held, vote_count * share, 0)) as genre_held_votes,
  sum(if(held, vote_count * share, 0)) / sum(vote_count * share) as genre_vote_coverage
from shared where start_year >= 2000 and market_genre is distinct from 'Drama' group by all
