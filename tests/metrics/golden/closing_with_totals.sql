-- metric: mrr --by month --totals
select
  cast(month.date as date) as "month",
  sum(fact.revenue) as "mrr",
  null as "month__sort"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
group by 1
order by "month" nulls last, "mrr" desc nulls last;

select
  sum(fact.revenue) as "mrr"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
where cast(month.date as date) in (cast($1 as date))
