-- metric: titles --by genre,director
select
  "by_title_genre"."genre" as "genre",
  "by_title_director"."director" as "director",
  round(coalesce(fsum(coalesce("by_title_genre".weight, 1) * coalesce("by_title_director".weight, 1)), 0), 6) as "titles",
  null as "genre__sort",
  null as "director__sort"
from "fct_title" as fact
left join (
  select "title_genre"."title_key" as key, case when listed_genre.genre_key <> -1 then listed_genre.genre_name end as "genre", fsum("title_genre"."weight") as weight
  from "bridge_title_genre" as "title_genre"
    left join "dim_genre" as "listed_genre" on "listed_genre"."genre_key" = "title_genre"."genre_key"
  group by 1, 2
) as "by_title_genre" on "by_title_genre".key = fact."title_key"
left join (
  select "title_director"."title_key" as key, case when director_person.person_key <> -1 then director_person.person_name end as "director", fsum("title_director"."weight") as weight
  from "bridge_title_person" as "title_director"
    left join "dim_person" as "director_person" on "director_person"."person_key" = "title_director"."person_key"
  where (title_director.role = 'director')
  group by 1, 2
) as "by_title_director" on "by_title_director".key = fact."title_key"
group by 1, 2
order by "titles" desc nulls last, "genre" nulls last, "director" nulls last
