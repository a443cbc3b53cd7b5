-- metric: mrr paying_users arpu
select
  sum(fact.revenue) as "mrr",
  count(*) as "paying_users",
  round(cast(sum(fact.revenue) as double) / nullif(count(*), 0), 12) as "arpu"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
where cast(month.date as date) in (cast($1 as date))
order by "mrr" desc nulls last
