-- metric: users mean_tenure --by country --top 2 --totals
select
  country.country_name as "country",
  count(*) as "users",
  null as "country__sort"
from "fct_subscription" as fact
left join "dim_country" as "country" on "country"."country_key" = "fact"."country_key"
group by 1
order by "users" desc nulls last, "country" nulls last
limit 3;

select
  case when coalesce(country.country_name in ($1, $2), false) then country.country_name end as "country",
  not coalesce(country.country_name in ($3, $4), false) as is_other,
  count(*) as "users",
  round(favg(fact.tenure_months), 12) as "mean_tenure",
  null as "country__sort"
from "fct_subscription" as fact
left join "dim_country" as "country" on "country"."country_key" = "fact"."country_key"
group by 1, 2
order by is_other, "users" desc nulls last, "country" nulls last;

select
  count(*) as "users",
  round(favg(fact.tenure_months), 12) as "mean_tenure"
from "fct_subscription" as fact
