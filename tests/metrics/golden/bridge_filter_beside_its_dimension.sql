-- metric: titles --by genre --where "genre = Dramas" --totals
select
  "by_title_genre"."genre" as "genre",
  round(coalesce(fsum(coalesce("by_title_genre".weight, 1)), 0), 6) as "titles",
  null as "genre__sort"
from "fct_title" as fact
left join (
  select "title_genre"."title_key" as key, case when listed_genre.genre_key <> -1 then listed_genre.genre_name end as "genre", fsum("title_genre"."weight") as weight
  from "bridge_title_genre" as "title_genre"
    left join "dim_genre" as "listed_genre" on "listed_genre"."genre_key" = "title_genre"."genre_key"
  where ((case when listed_genre.genre_key <> -1 then listed_genre.genre_name end) in ($1))
  group by 1, 2
) as "by_title_genre" on "by_title_genre".key = fact."title_key"
where fact."title_key" in (
    select "title_genre"."title_key" from "bridge_title_genre" as "title_genre"
    left join "dim_genre" as "listed_genre" on "listed_genre"."genre_key" = "title_genre"."genre_key"
    where (case when listed_genre.genre_key <> -1 then listed_genre.genre_name end) in ($2))
group by 1
order by "titles" desc nulls last, "genre" nulls last;

select
  round(coalesce(fsum(coalesce("by_title_genre".weight, 1)), 0), 6) as "titles"
from "fct_title" as fact
left join (
  select "title_genre"."title_key" as key, fsum("title_genre"."weight") as weight
  from "bridge_title_genre" as "title_genre"
    left join "dim_genre" as "listed_genre" on "listed_genre"."genre_key" = "title_genre"."genre_key"
  where ((case when listed_genre.genre_key <> -1 then listed_genre.genre_name end) in ($1))
  group by 1
) as "by_title_genre" on "by_title_genre".key = fact."title_key"
where fact."title_key" in (
    select "title_genre"."title_key" from "bridge_title_genre" as "title_genre"
    left join "dim_genre" as "listed_genre" on "listed_genre"."genre_key" = "title_genre"."genre_key"
    where (case when listed_genre.genre_key <> -1 then listed_genre.genre_name end) in ($2))
