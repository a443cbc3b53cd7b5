-- metric: titles votes mean_rating share_of_movies --by genre
select
  "by_title_genre"."genre" as "genre",
  round(coalesce(fsum(coalesce("by_title_genre".weight, 1)), 0), 6) as "titles",
  round(fsum((fact.imdb_votes) * coalesce("by_title_genre".weight, 1)), 6) as "votes",
  round(fsum((fact.imdb_rating) * coalesce("by_title_genre".weight, 1)) / nullif(fsum(case when (fact.imdb_rating) is not null then coalesce("by_title_genre".weight, 1) end), 0), 12) as "mean_rating",
  round(cast(coalesce(fsum(coalesce("by_title_genre".weight, 1)) filter (where (title.title_type = 'Movie')), 0) as double) / nullif(coalesce(fsum(coalesce("by_title_genre".weight, 1)), 0), 0), 12) as "share_of_movies",
  null as "genre__sort"
from "fct_title" as fact
left join "dim_title" as "title" on "title"."title_key" = "fact"."title_key"
left join (
  select "title_genre"."title_key" as key, case when listed_genre.genre_key <> -1 then listed_genre.genre_name end as "genre", fsum("title_genre"."weight") as weight
  from "bridge_title_genre" as "title_genre"
    left join "dim_genre" as "listed_genre" on "listed_genre"."genre_key" = "title_genre"."genre_key"
  group by 1, 2
) as "by_title_genre" on "by_title_genre".key = fact."title_key"
group by 1
order by "titles" desc nulls last, "genre" nulls last
