-- metric: revenue --by month --where "date from 2022-03 to 2022-11"
select
  cast(month.date as date) as "month",
  sum(fact.revenue) as "revenue",
  null as "month__sort"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
where cast(month.date as date) >= cast($1 as date)
  and cast(month.date as date) <= cast($2 as date)
group by 1
order by "month" nulls last, "revenue" desc nulls last
