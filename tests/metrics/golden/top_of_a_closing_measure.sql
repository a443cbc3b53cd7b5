-- metric: mrr --by month,country --top 2
select
  country.country_name as "country",
  sum(fact.revenue) as "mrr",
  null as "country__sort"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
left join "dim_country" as "country" on "country"."country_key" = "fact"."country_key"
where cast(month.date as date) in (cast($1 as date))
group by 1
order by "mrr" desc nulls last, "country" nulls last
limit 3;

select
  cast(month.date as date) as "month",
  case when coalesce(country.country_name in ($1, $2), false) then country.country_name end as "country",
  not coalesce(country.country_name in ($3, $4), false) as is_other,
  sum(fact.revenue) as "mrr",
  null as "month__sort",
  null as "country__sort"
from "fct_subscription_month" as fact
left join "dim_date" as "month" on "month"."date_key" = "fact"."month_key"
left join "dim_country" as "country" on "country"."country_key" = "fact"."country_key"
group by 1, 2, 3
order by is_other, "month" nulls last, "mrr" desc nulls last, "country" nulls last
