-- metric: titles --where "maturity_rating in PG, null"
select
  count(*) as "titles"
from "fct_title" as fact
left join "dim_title" as "title" on "title"."title_key" = "fact"."title_key"
where ((title.maturity_rating) in ($1) or (title.maturity_rating) is null)
order by "titles" desc nulls last
