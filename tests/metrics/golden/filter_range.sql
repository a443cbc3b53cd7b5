-- metric: titles --where "release_year from 2010 to 2020"
select
  count(*) as "titles"
from "fct_title" as fact
left join "dim_title" as "title" on "title"."title_key" = "fact"."title_key"
where (title.release_year) >= $1 and (title.release_year) <= $2
order by "titles" desc nulls last
