-- metric: titles --where "title ~ señor"
select
  count(*) as "titles"
from "fct_title" as fact
left join "dim_title" as "title" on "title"."title_key" = "fact"."title_key"
where contains(lower(strip_accents(cast((title.title) as varchar))), lower(strip_accents($1)))
order by "titles" desc nulls last
