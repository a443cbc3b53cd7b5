-- metric: share_active --by gender
select
  user.gender as "gender",
  round(cast(count(*) filter (where (fact.is_active)) as double) / nullif(count(*), 0), 12) as "share_active",
  null as "gender__sort"
from "fct_subscription" as fact
left join "dim_user" as "user" on "user"."user_key" = "fact"."user_key"
group by 1
order by "share_active" desc nulls last, "gender" nulls last
