-- metric: mrr --by quarter
select
  cast(date_trunc('quarter', cast(month.date as date)) as date) as "quarter",
  sum(fact.revenue) as "mrr",
  null as "quarter__sort"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
where cast(month.date as date) in (cast($1 as date), cast($2 as date), cast($3 as date), cast($4 as date), cast($5 as date), cast($6 as date), cast($7 as date))
group by 1
order by "quarter" nulls last, "mrr" desc nulls last
