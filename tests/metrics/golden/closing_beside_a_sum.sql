-- metric: mrr revenue --by plan
select
  plan.plan_name as "plan",
  sum(fact.revenue) filter (where cast(month.date as date) in (cast($1 as date))) as "mrr",
  sum(fact.revenue) as "revenue",
  min(plan.plan_rank) as "plan__sort"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
left join "dim_plan" as "plan" on "plan"."plan_key" = "fact"."plan_key"
group by 1
order by "plan__sort" nulls last, "plan" nulls last, "mrr" desc nulls last
