-- metric: market_titles coverage --by market_rating_band
select
  fact.rating_band as "market_rating_band",
  count(*) as "market_titles",
  round(cast(count(*) filter (where (fact.is_in_catalogue)) as double) / nullif(count(*), 0), 12) as "coverage",
  min(fact.average_rating) as "market_rating_band__sort"
from "dim_imdb_title" as fact
where (fact.imdb_title_key <> -1)
group by 1
order by "market_rating_band__sort" nulls last, "market_rating_band" nulls last, "market_titles" desc nulls last
