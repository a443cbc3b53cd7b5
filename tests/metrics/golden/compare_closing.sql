-- metric: mrr arpu --by plan --compare previous
select
  plan.plan_name as "plan",
  sum(fact.revenue) as "mrr",
  round(cast(sum(fact.revenue) as double) / nullif(count(*), 0), 12) as "arpu",
  min(plan.plan_rank) as "plan__sort"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
left join "dim_plan" as "plan" on "plan"."plan_key" = "fact"."plan_key"
where cast(month.date as date) in (cast($1 as date))
group by 1
order by "plan__sort" nulls last, "plan" nulls last, "mrr" desc nulls last;

select
  plan.plan_name as "plan",
  sum(fact.revenue) as "mrr",
  round(cast(sum(fact.revenue) as double) / nullif(count(*), 0), 12) as "arpu",
  min(plan.plan_rank) as "plan__sort"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
left join "dim_plan" as "plan" on "plan"."plan_key" = "fact"."plan_key"
where cast(month.date as date) in (cast($1 as date))
group by 1
order by "plan__sort" nulls last, "plan" nulls last, "mrr" desc nulls last
