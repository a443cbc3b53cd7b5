-- metric: hours_viewed --by week
select
  cast(week.date - interval 6 day as date) as "week",
  sum(fact.hours_viewed) as "hours_viewed",
  null as "week__sort"
from "fct_viewing_week" as fact
left join "dim_date" as "week" on "week"."date_key" = "fact"."week_key"
where (fact.country_key <> -1)
group by 1
order by "week" nulls last, "hours_viewed" desc nulls last
