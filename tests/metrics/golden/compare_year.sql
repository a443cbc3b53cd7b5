-- metric: users --by plan --where "date from 2022 to 2022" --compare year
select
  plan.plan_name as "plan",
  count(*) as "users",
  min(plan.plan_rank) as "plan__sort"
from "fct_subscription" as fact
left join "dim_date" as "joined" on "joined"."date_key" = "fact"."join_date_key"
left join "dim_plan" as "plan" on "plan"."plan_key" = "fact"."plan_key"
where cast(joined.month_start as date) >= cast($1 as date)
  and cast(joined.month_start as date) <= cast($2 as date)
group by 1
order by "plan__sort" nulls last, "plan" nulls last, "users" desc nulls last
