-- metric: titles --where "genre not in Dramas, null"
select
  count(*) as "titles"
from "fct_title" as fact
where not ((fact."title_key" in (
    select "title_genre"."title_key" from "bridge_title_genre" as "title_genre"
    left join "dim_genre" as "listed_genre" on "listed_genre"."genre_key" = "title_genre"."genre_key"
    where ((case when listed_genre.genre_key <> -1 then listed_genre.genre_name end) in ($1) or (case when listed_genre.genre_key <> -1 then listed_genre.genre_name end) is null))
  or fact."title_key" not in (
    select "title_genre"."title_key" from "bridge_title_genre" as "title_genre"
    left join "dim_genre" as "listed_genre" on "listed_genre"."genre_key" = "title_genre"."genre_key")))
order by "titles" desc nulls last
