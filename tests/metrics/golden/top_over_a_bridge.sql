-- metric: titles --by genre,title_type --top 2 --totals
select
  "by_title_genre"."genre" as "genre",
  round(coalesce(fsum(coalesce("by_title_genre".weight, 1)), 0), 6) as "titles",
  null as "genre__sort"
from "fct_title" as fact
left join (
  select "title_genre"."title_key" as key, case when listed_genre.genre_key <> -1 then listed_genre.genre_name end as "genre", fsum("title_genre"."weight") as weight
  from "bridge_title_genre" as "title_genre"
    left join "dim_genre" as "listed_genre" on "listed_genre"."genre_key" = "title_genre"."genre_key"
  group by 1, 2
) as "by_title_genre" on "by_title_genre".key = fact."title_key"
group by 1
order by "titles" desc nulls last, "genre" nulls last
limit 3;

select
  "by_title_genre"."genre" as "genre",
  title.title_type as "title_type",
  coalesce("by_title_genre".is_other, true) as is_other,
  round(coalesce(fsum(coalesce("by_title_genre".weight, 1)), 0), 6) as "titles",
  null as "genre__sort",
  null as "title_type__sort"
from "fct_title" as fact
left join "dim_title" as "title" on "title"."title_key" = "fact"."title_key"
left join (
  select "title_genre"."title_key" as key, case when coalesce(case when listed_genre.genre_key <> -1 then listed_genre.genre_name end in ($1, $2), false) then case when listed_genre.genre_key <> -1 then listed_genre.genre_name end end as "genre", not coalesce(case when listed_genre.genre_key <> -1 then listed_genre.genre_name end in ($3, $4), false) as is_other, fsum("title_genre"."weight") as weight
  from "bridge_title_genre" as "title_genre"
    left join "dim_genre" as "listed_genre" on "listed_genre"."genre_key" = "title_genre"."genre_key"
  group by 1, 2, 3
) as "by_title_genre" on "by_title_genre".key = fact."title_key"
group by 1, 2, 3
order by is_other, "titles" desc nulls last, "genre" nulls last, "title_type" nulls last;

select
  round(coalesce(fsum(coalesce("by_title_genre".weight, 1)), 0), 6) as "titles"
from "fct_title" as fact
left join (
  select "title_genre"."title_key" as key, fsum("title_genre"."weight") as weight
  from "bridge_title_genre" as "title_genre"
    left join "dim_genre" as "listed_genre" on "listed_genre"."genre_key" = "title_genre"."genre_key"
  group by 1
) as "by_title_genre" on "by_title_genre".key = fact."title_key"
