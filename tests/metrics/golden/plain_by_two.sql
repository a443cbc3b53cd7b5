-- metric: users mean_tenure --by plan,country
select
  plan.plan_name as "plan",
  country.country_name as "country",
  count(*) as "users",
  round(favg(fact.tenure_months), 12) as "mean_tenure",
  min(plan.plan_rank) as "plan__sort",
  null as "country__sort"
from "fct_subscription" as fact
left join "dim_plan" as "plan" on "plan"."plan_key" = "fact"."plan_key"
left join "dim_country" as "country" on "country"."country_key" = "fact"."country_key"
group by 1, 2
order by "plan__sort" nulls last, "plan" nulls last, "users" desc nulls last, "country" nulls last
