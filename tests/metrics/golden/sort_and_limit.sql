-- metric: users --by country,plan --sort -plan --limit 5
select
  country.country_name as "country",
  plan.plan_name as "plan",
  count(*) as "users",
  null as "country__sort",
  min(plan.plan_rank) as "plan__sort"
from "fct_subscription" as fact
left join "dim_plan" as "plan" on "plan"."plan_key" = "fact"."plan_key"
left join "dim_country" as "country" on "country"."country_key" = "fact"."country_key"
group by 1, 2
order by "plan__sort" desc nulls last, "plan" desc nulls last, "country" nulls last
limit 6
