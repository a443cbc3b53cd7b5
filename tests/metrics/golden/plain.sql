-- metric: revenue paid_months
select
  sum(fact.revenue) as "revenue",
  count(*) as "paid_months"
from "fct_subscription_month" as fact
order by "revenue" desc nulls last
