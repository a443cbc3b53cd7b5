-- metric: titles --where "year_added not in 2020, null"
select
  count(*) as "titles"
from "fct_title" as fact
left join "dim_date" as "added" on "added"."date_key" = "fact"."date_added_key"
where (year(added.date)) not in ($1)
order by "titles" desc nulls last
