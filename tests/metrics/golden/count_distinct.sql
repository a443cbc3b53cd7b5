-- metric: titles_in_top10 --by country
select
  country.country_name as "country",
  count(distinct (fact.show_title, fact.category like 'TV%')) as "titles_in_top10",
  null as "country__sort"
from "fct_viewing_week" as fact
left join "dim_country" as "country" on "country"."country_key" = "fact"."country_key"
where (fact.country_key <> -1)
group by 1
order by "titles_in_top10" desc nulls last, "country" nulls last
