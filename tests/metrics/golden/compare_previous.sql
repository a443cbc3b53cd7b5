-- metric: revenue --by month --compare previous
select
  cast(month.date as date) as "month",
  sum(fact.revenue) as "revenue",
  null as "month__sort"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
group by 1
order by "month" nulls last, "revenue" desc nulls last;

select
  cast(month.date as date) as "month",
  sum(fact.revenue) as "revenue",
  null as "month__sort"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
group by 1
order by "month" nulls last, "revenue" desc nulls last
