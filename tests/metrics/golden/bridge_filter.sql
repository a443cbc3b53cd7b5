-- metric: titles --by title_type --where "genre in Dramas, Comedies"
select
  title.title_type as "title_type",
  count(*) as "titles",
  null as "title_type__sort"
from "fct_title" as fact
left join "dim_title" as "title" on "title"."title_key" = "fact"."title_key"
where fact."title_key" in (
    select "title_genre"."title_key" from "bridge_title_genre" as "title_genre"
    left join "dim_genre" as "listed_genre" on "listed_genre"."genre_key" = "title_genre"."genre_key"
    where (case when listed_genre.genre_key <> -1 then listed_genre.genre_name end) in ($1, $2))
group by 1
order by "titles" desc nulls last, "title_type" nulls last
