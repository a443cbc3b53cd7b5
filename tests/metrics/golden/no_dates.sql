-- metric: market_titles coverage --by market_rating_band
select
  case when fact.average_rating < 4 then 'under 4' when fact.average_rating >= 9 then '9 to 10' else cast(cast(floor(fact.average_rating) as int) as varchar) || ' to ' || cast(cast(floor(fact.average_rating) as int) + 1 as varchar) end
 as "market_rating_band",
  count(*) as "market_titles",
  round(cast(count(*) filter (where (fact.is_in_catalogue)) as double) / nullif(count(*), 0), 12) as "coverage",
  min(fact.average_rating) as "market_rating_band__sort"
from "dim_imdb_title" as fact
where (fact.imdb_title_key <> -1)
group by 1
order by "market_rating_band__sort" nulls last, "market_rating_band" nulls last, "market_titles" desc nulls last
