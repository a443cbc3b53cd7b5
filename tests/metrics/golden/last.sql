-- metric: revenue new_users --last quarter --compare previous
select
  sum(fact.revenue) as "revenue",
  count(*) filter (where (fact.is_new)) as "new_users"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
where cast(month.date as date) >= cast($1 as date)
  and cast(month.date as date) <= cast($2 as date)
order by "revenue" desc nulls last;

select
  sum(fact.revenue) as "revenue",
  count(*) filter (where (fact.is_new)) as "new_users"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
where cast(month.date as date) >= cast($1 as date)
  and cast(month.date as date) <= cast($2 as date)
order by "revenue" desc nulls last
