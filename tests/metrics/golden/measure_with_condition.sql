-- metric: movies tv_shows --by maturity_rating
select
  title.maturity_rating as "maturity_rating",
  count(*) filter (where (title.title_type = 'Movie')) as "movies",
  count(*) filter (where (title.title_type = 'TV Show')) as "tv_shows",
  null as "maturity_rating__sort"
from "fct_title" as fact
left join "dim_title" as "title" on "title"."title_key" = "fact"."title_key"
group by 1
order by "movies" desc nulls last, "maturity_rating" nulls last
