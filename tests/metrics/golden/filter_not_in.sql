-- metric: users --where "plan != Basic"
select
  count(*) as "users"
from "fct_subscription" as fact
left join "dim_plan" as "plan" on "plan"."plan_key" = "fact"."plan_key"
where ((plan.plan_name) not in ($1) or (plan.plan_name) is null)
order by "users" desc nulls last
