-- metric: titles votes --by genre --overlapping --totals
select
  "by_title_genre"."genre" as "genre",
  count(*) as "titles",
  sum(fact.imdb_votes) as "votes",
  null as "genre__sort"
from "fct_title" as fact
left join (
  select "title_genre"."title_key" as key, case when listed_genre.genre_key <> -1 then listed_genre.genre_name end as "genre", fsum("title_genre"."weight") as weight
  from "bridge_title_genre" as "title_genre"
    left join "dim_genre" as "listed_genre" on "listed_genre"."genre_key" = "title_genre"."genre_key"
  group by 1, 2
) as "by_title_genre" on "by_title_genre".key = fact."title_key"
group by 1
order by "titles" desc nulls last, "genre" nulls last;

select
  count(*) as "titles",
  sum(fact.imdb_votes) as "votes"
from "fct_title" as fact
